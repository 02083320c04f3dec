"""What's next: one list of everything that waits, each row opening the place to do it (F8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from deskterm.db.journal import Entry
from deskterm.entry.times import show_time
from deskterm.errors import Invalid
from deskterm.office import break_glass, drafts, messages, news
from deskterm.office.messages import MessageRow
from deskterm.office.queue import BANDS, QueueItem, waiting
from deskterm.screens import message_keys
from deskterm.screens.prompt import ask
from deskterm.screens.row_keys import RowKeys, ago, styled
from deskterm.widgets.rows import RuleRow, TextRow
from deskterm.widgets.rows_data import Column, Row

COLUMNS = (
    Column("When", 11),
    Column("What", 9),
    Column("Who", 18),
    Column("Do this", 24, grows=True),
    Column("Age", 4, align="right", drop_order=2),
    Column("Own", 3, drop_order=1),
)
CHANGED_FOR = timedelta(minutes=1)
ENTERS = {
    "message": "Enter = open the message of {who}",
    "late": "Enter = a call to {who}",
    "waiting": "Enter = {who} in the waiting room",
    "draft": "Enter = go on with {who}",
    "authorization": "Enter = the authorization of {who}",
    "referral": "Enter = the referral of {who}",
    "review": "Enter = what was found about {who}",
}


class DayNumbers:
    """Row numbers of one list at one desk: given once, never used again until the next day."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._numbers: dict[str, int] = {}

    def number(self, key: str, today: date) -> int:
        """The number of the row ``key``, a new one when it was not seen today."""
        if self._day != today:
            self._day, self._numbers = today, {}
        return self._numbers.setdefault(key, len(self._numbers) + 1)


_numbers: WeakKeyDictionary[Any, DayNumbers] = WeakKeyDictionary()


class NextScreen(RowKeys):
    """NOW, TODAY and THIS WEEK; finishing what Enter opened comes back to the list."""

    place: ClassVar[str] = "next"
    title_text: ClassVar[str] = "WHAT'S NEXT"
    empty: ClassVar[str] = "Nothing waits. F6 takes a call, F5 shows the day"

    def __init__(self) -> None:
        super().__init__()
        self.detail_row = TextRow()
        self.items: dict[str, QueueItem] = {}
        self._changed: dict[str, datetime] = {}

    def body(self) -> Iterable[Any]:
        yield RuleRow()
        yield self.list
        yield RuleRow()
        yield self.detail_row

    def context(self) -> str:
        return str(len(self.items))

    # Showing

    def load(self) -> None:
        found = waiting(self.desk)
        self.items = {item.key: item for item in found}
        self.desk_app.see_queue(len(found))
        self.show_rows(COLUMNS, [self._row(item) for item in found])
        self.desk.views.listed("what's next", (item.patient_id for item in found))
        count = {band: sum(item.band == band for item in found) for band in BANDS}
        said = "  ".join(f"{band.lower()} {count[band]}" for band in BANDS)
        self.banner_row.show_summary(f"{self.filter_note()}mine + my pools | {said}")
        self.show_detail()

    def _row(self, item: QueueItem) -> Row:
        numbers = _numbers.setdefault(self.desk_app, DayNumbers())
        when = self._when(item)
        cells = (when, item.what, item.who, item.do, ago(item.age), item.own)
        is_badge = item.overdue and item.kind in ("message", "late", "waiting")
        styles = {0 if item.kind == "message" else 1: "attention"} if is_badge else {}
        return Row(
            item.key,
            numbers.number(item.key, self.desk.today()),
            cells,
            item.band,
            changed=self._is_changed(item.key),
            styles=styled(cells, styles),
        )

    def _when(self, item: QueueItem) -> str:
        """``by 5:00p``, ``LATE 9:12a`` when overdue, the day when it is another."""
        is_today = item.due.date() == self.desk.today()
        at = show_time(item.due.time()) if is_today else f"{item.due:%a} {item.due.day}"
        if item.kind == "draft":
            return "today"
        if item.kind != "message":
            return at
        return f"LATE {at}" if item.overdue else f"by {at}"

    def show_detail(self) -> None:
        """The whole text of the row under the cursor, and what Enter does."""
        item = self.current_item()
        if item is None:
            self.detail_row.show("")
            self.enter_row.show("")
            return
        status = f"  {message_keys.STATUS[item.status]}" if item.status else ""
        self.detail_row.show(f"{item.who}  {item.do}{status}")
        self.enter_row.show(ENTERS[item.kind].format(who=item.who))

    def on_row_list_moved(self) -> None:
        self.show_detail()

    def concerns(self, entry: Entry) -> bool:
        if entry.operation in ("patient.break_glass", "patient.review_access"):
            return True
        now = self.desk.now()
        if entry.entity == "message":
            self._changed[f"message:{entry.entity_id}"] = now
        for appointment_id in news.touched(entry).appointments:
            self._changed[f"visit:{appointment_id}"] = now
        return entry.operation.split(".")[0] in (
            "message", "visit", "appointment", "data", "authorization", "referral",
        )  # fmt: skip

    def _is_changed(self, key: str) -> bool:
        at = self._changed.get(key)
        return at is not None and self.desk.now() - at < CHANGED_FOR

    # Doing

    def current_item(self) -> QueueItem | None:
        """What is under the cursor."""
        row = self.list.current
        return self.items.get(str(row.key)) if row is not None else None

    def record_here(self) -> str | None:
        item = self.current_item()
        return item.key if item is not None else None

    def item(self) -> QueueItem:
        """What is under the cursor. Raises Invalid when nothing is."""
        item = self.current_item()
        if item is None:
            raise Invalid("Nothing here", "Choose a row by its number")
        return item

    async def on_row_list_chosen(self) -> None:
        """Enter: the place where it is done, already filled in."""
        item = self.current_item()
        app = self.desk_app
        if item is None:
            return
        if item.kind == "message":
            await app.go("message", message_id=item.record_id)
        elif item.kind == "late":
            await app.go("call", patient_id=item.patient_id, topic="late")
        elif item.kind == "review":
            await self._review(item)
        elif item.kind in ("authorization", "referral"):
            what = "auth" if item.kind == "authorization" else "ref"
            await app.go("ref_step", what=what, record_id=item.record_id)
        elif item.kind == "draft":
            draft = self.attempt(drafts.get, self.desk, item.draft_key)
            if draft is not None:
                await app.resume(draft)
        else:
            flow = await app.go("flow")
            if flow is not None:
                flow.list.select_key(item.record_id)  # type: ignore[attr-defined]

    async def _review(self, item: QueueItem) -> None:
        """Ask what was found about an emergency opening; somebody else's only."""

        def take(text: str) -> None:
            break_glass.review(self.desk, item.record_id, note=text)
            message_keys.done(self, f"Reviewed {item.who}'s opening")

        await ask(self, "What was found?", take, example="on the schedule that day")

    def _message(self) -> MessageRow:
        item = self.item()
        if item.kind != "message":
            raise Invalid(f"{item.what} is not a message", "Enter opens the place to do it")
        return messages.get(self.desk, item.record_id)

    def _patient(self) -> int:
        item = self.item()
        if item.patient_id is None:
            raise Invalid("No patient here", "Enter opens it")
        return item.patient_id

    async def do_next_state(self) -> None:
        await message_keys.next_state(self, self._message())

    async def do_hand_over(self) -> None:
        """``y``: a message to another pool or person, parked work to a login."""
        item = self.item()
        if item.kind != "draft":
            await message_keys.forward(self, self._message())
            return

        def take(text: str) -> None:
            drafts.hand_over(self.desk, item.draft_key, text.strip())
            self.desk_app.forget_draft(item.draft_key)
            message_keys.done(self, f"{item.who} is {text.strip()}'s now")

        await ask(self, "Give to (login)", take)

    async def do_cancel(self) -> None:
        """``x``: a message is closed with its outcome, parked work dropped with a reason."""
        item = self.item()
        if item.kind != "draft":
            await message_keys.close(self, self._message())
            return

        def take(text: str) -> None:
            drafts.drop(self.desk, item.draft_key, text)
            self.desk_app.forget_draft(item.draft_key)
            message_keys.done(self, f"Dropped: {item.who}")

        await ask(self, "Drop it: why?", take, example="done elsewhere")

    async def do_message(self) -> None:
        await self.desk_app.go("call", patient_id=self._patient())

    async def do_payment(self) -> None:
        await self.desk_app.go("payment", patient_id=self._patient())

    async def do_book(self) -> None:
        await self.desk_app.go("opening", patient_id=self._patient())
