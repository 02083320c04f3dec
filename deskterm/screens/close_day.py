"""Close the day: count the drawer blind, see what differs and why, deposit, lock (:close)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import Any, ClassVar

from textual import events
from textual.containers import Horizontal, Vertical

from deskterm.db.journal import Entry
from deskterm.entry.money import parse_cents, show_cents
from deskterm.errors import DesktermError, Invalid
from deskterm.office import day_status, dayclose, deposits, drawer_figures, shifts
from deskterm.office.business_day import place
from deskterm.office.day_status import DayStatus, ShiftStatus
from deskterm.office.shifts import Count
from deskterm.screens.second import approval_fields, approval_of
from deskterm.screens.settling import place_of
from deskterm.screens.task import TaskScreen
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_paint import Part
from deskterm.widgets.step_form import StepForm

NOTES = (10000, 5000, 2000, 1000, 500, 100)
FORM_CELLS = 33
TENDER_ROWS = 8
ALL = "all"
NEXT = (
    ("sheet", "day sheet and reports"), ("approve", "approve: sign as the second person"),
    ("reopen", "open the day again"),
)  # fmt: skip


class CloseDayScreen(TaskScreen):
    """Left: what was counted against the system, and what is to be settled. Right: the count.

    Nothing of the system's cash is shown before the count is written down.
    """

    DEFAULT_CSS = """
    CloseDayScreen > .body > Vertical { width: 1fr; }
    CloseDayScreen > .body > StepForm { width: 33; }
    """
    title_text: ClassVar[str] = "CLOSE THE DAY"
    form: ClassVar[str] = "close"

    def __init__(self, drawer: str = "", *, draft: Any = None) -> None:
        super().__init__(draft)
        given = draft.state.get("drawer", "") if draft is not None else drawer
        self.drawer: str = str(given)
        self.counted = bool(draft.state.get("counted")) if draft is not None else False
        self.tenders = Panel(height=TENDER_ROWS)
        self.settle = Panel()
        self._looked_at: set[tuple[str, int | str]] = set()  # what F4 has led to
        self.status: DayStatus

    def heading(self) -> str:
        return f"CLOSE drawer {self.drawer}" if self.shift else "CLOSE THE DAY"

    def context(self) -> str:
        return f"drawer {self.drawer}" if self.shift else ""

    def draft_state(self) -> dict[str, Any]:
        return {**super().draft_state(), "drawer": self.drawer, "counted": self.counted}

    # What there is to close

    @property
    def shift(self) -> ShiftStatus | None:
        """The drawer that is being closed; None when every one is."""
        return next(
            (s for s in self.status.shifts if s.drawer == self.drawer and not s.closed), None
        )

    @property
    def done(self) -> bool:
        """Whether the day itself is closed."""
        return self.status.state in ("close", "approve")

    def _read(self) -> None:
        self.status = day_status.status(self.desk)
        mine = self.desk.settings.drawer or self.desk.workstation
        running = [s.drawer for s in self.status.shifts if not s.closed]
        if self.drawer not in running:
            self.drawer = mine if mine in running else (running[0] if running else "")

    def body(self) -> Iterable[Any]:
        self._read()
        shift = self.shift
        self.there = drawer_figures.expected(self.desk, shift.id) if shift else None
        self.close_form = StepForm(
            self._specs(), offers={"checks": ALL, "orders": ALL}, verb=self._verb()
        )
        yield RuleRow()
        with Horizontal(classes="body"):
            with Vertical():
                yield self.tenders
                yield RuleRow()
                yield self.settle
            yield self.close_form

    def _specs(self) -> list[FieldSpec]:
        last = self._closes_day()
        open_items = bool(self.status.open_items)
        specs: list[FieldSpec] = []
        if self.shift is not None and self.there is not None:
            specs += [
                FieldSpec(f"n{value}", f"{value // 100} x", ask=True, limit=6, width=6,
                          parse=_read_pieces, example=f"how many {value // 100} dollar notes")
                for value in NOTES
            ]  # fmt: skip
            specs.append(FieldSpec("coin", "coin", ask=True, limit=10, width=9, parse=_read_cents,
                                   example="3.00: all coins together"))  # fmt: skip
            if self.there.checks:
                specs.append(FieldSpec("checks", "checks", required=True, limit=200, width=20,
                                       parse=self._read_checks,
                                       example="Enter: all are here; -1042 not; 1042=53.00 other;"
                                               " 77:20.00 more"))  # fmt: skip
            if self.there.money_orders:
                specs.append(FieldSpec("orders", "money orders", required=True, limit=200,
                                       width=14, parse=self._read_orders,
                                       example="Enter: all listed are here"))  # fmt: skip
            if self.there.cards:
                specs.append(FieldSpec("cards", "card batch", required=True, limit=80, width=16,
                                       parse=self._read_cards,
                                       example="615.00, or by brand: visa 140 mc 475"))  # fmt: skip
            specs += [
                FieldSpec("reason", "why it differs", required=True, limit=120, width=15,
                          visible_when=lambda values: self.counted and not self._balanced()),
            ]  # fmt: skip
        specs += [
            FieldSpec("deposit", "deposit total", required=True, limit=12, width=12,
                      parse=self._read_deposit, show=show_cents,
                      visible_when=lambda values: self._to_deposit() > 0,
                      example="the total of what goes into the bag"),
            FieldSpec("bag", "bag", limit=20, width=12, ask=True,
                      visible_when=lambda values: self._to_deposit() > 0),
        ]  # fmt: skip
        if not self.done and last and open_items:
            specs.append(
                FieldSpec("anyway", "close all the same", required=True, limit=120, width=11,
                          visible_when=lambda values: self._may_lock(),
                          example="why the day closes with what is open")
            )  # fmt: skip
        if self.done:
            specs += [
                FieldSpec("next", "And now", "choice", choices=NEXT, required=True, width=20),
                FieldSpec("why", "why open again", required=True, limit=120, width=15,
                          visible_when=lambda values: values.get("next") == "reopen"),
                *(
                    spec.but(width=12,
                             visible_when=lambda values: values.get("next") == "reopen")
                    for spec in approval_fields(self.desk, "day.reopen")
                ),
            ]  # fmt: skip
        return specs

    def _closes_day(self) -> bool:
        """Whether this is the last drawer of the day."""
        running = [s for s in self.status.shifts if not s.closed]
        return len(running) <= 1 and self.desk.may("close_day")

    def _may_lock(self) -> bool:
        return self._closes_day() and (self.shift is None or self.counted)

    def _balanced(self) -> bool:
        shift = self.shift
        return shift is None or shift.balanced

    def _to_deposit(self) -> int:
        """Cents that go to the bank once this drawer is closed."""
        if self.done:
            return 0
        slip = deposits.slip(self.desk, place(self.desk, self.status.location), self.status.day)
        shift = self.shift
        if shift is None:
            return slip.total
        if not self.counted:
            return 0
        cash = next(v for v in shift.variances if v.tender == "cash").counted
        paper = sum(v.counted for v in shift.variances if v.tender in ("check", "money_order"))
        return slip.total + max(cash - shift.float_cents, 0) + paper

    # Showing

    def load(self) -> None:
        self._read()
        self._head()
        self._show()

    def _head(self) -> None:
        shift, day = self.shift, self.status.day
        text = f"{day:%a %b} {day.day} {day.year}   {self.status.state.upper()}"
        if shift is not None:
            text += (f"   float {show_cents(shift.float_cents)}   {shift.payments} payments"
                     f"   {shift.voids} voids   {shift.refunds} refunds")  # fmt: skip
        self.banner_row.show_summary(text)

    def _show(self) -> None:
        self.tenders.show(self._tender_lines())
        self.settle.show(self._settle_lines())
        self.close_form.verb = self._verb()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def _verb(self) -> str:
        if self.done:
            return "GO"
        if self.shift is not None and not self.counted:
            return f"COUNTED, compare drawer {self.drawer}"
        what = f"CLOSE drawer {self.drawer}" if self.shift else "CLOSE the day"
        return what + (" and the day" if self.shift and self._closes_day() else "")

    def _tender_lines(self) -> list[Text]:
        lines: list[Text] = [[Part("Tender          System   Counted      Diff", "primary")]]
        shift = self.shift
        shown = [shift] if shift is not None else list(self.status.shifts)
        for one in shown:
            if not one.counted or (one is shift and not self.counted):
                lines.append("  The system's figures come after your count.")
                if self.there is not None and self.there.checks:
                    lines += self._listed("checks", self.there.checks)
                if self.there is not None and self.there.money_orders:
                    lines += self._listed("m.o.", self.there.money_orders)
                continue
            for line in one.variances:
                if not line.system and not line.counted and line.tender != "cash":
                    continue
                name = line.tender.removeprefix("card ").replace("_", " ")
                parts = [
                    Part(f"{name:<13}{show_cents(line.system):>9} {show_cents(line.counted):>9}"
                         f" {show_cents(line.variance):>9} "),
                ]  # fmt: skip
                if line.variance or line.items:
                    parts.append(Part("OFF", "attention"))
                lines.append(parts)
        if not shown:
            lines.append("  No drawer was opened on this day.")
        head, *rest = lines
        return [head, *_that_fit([[line] for line in rest], TENDER_ROWS - 1)]

    def _listed(self, word: str, items: Iterable[tuple[str, int]]) -> list[Text]:
        """Checks or money orders, as many to a row as there is room for."""
        said = [f"{number}\N{NO-BREAK SPACE}{show_cents(cents)}" for number, cents in items]
        rows = wrap("  ".join(said), self._cells() - len(word) - 1, break_on_hyphens=False)
        return [
            f"  {word if at == 0 else ' ' * len(word)} {row}".replace("\N{NO-BREAK SPACE}", " ")
            for at, row in enumerate(rows)
        ]

    def _cells(self) -> int:
        """How wide a line of the left side may be after its first two or three cells."""
        return max(self.desk_app.size.width - FORM_CELLS - 4, 20)

    def _settle_lines(self) -> list[Text]:
        cells = self._cells()
        items = [_listed(item.words, cells) for item in self.status.open_items]
        foot = self._foot_lines()
        # Until it is laid out nobody knows how many rows there are.
        room = (self.settle.size.height or 99) - len(foot) - 1
        lines: list[Text] = []
        shift = self.shift
        if shift is not None and self.counted and shift.suggestions:
            likely = [_listed(said.words, cells) for said in shift.suggestions[:4]]
            lines.append([Part("LIKELY", "primary")])
            lines += _that_fit(likely, room - 1 - min(sum(map(len, items)), 2))
        elif shift is not None and self.counted:
            lines.append([Part("EVERYTHING AGREES", "good")])
        room -= len(lines)
        lines.append([Part(f"TO SETTLE BEFORE CLOSING ({len(items)})", "primary")])
        lines += _that_fit(items or [["  Nothing is open."]], room)
        return lines + foot

    def _foot_lines(self) -> list[Text]:
        lines: list[Text] = []
        shift = self.shift
        others = [s.drawer for s in self.status.shifts if not s.closed and s is not shift]
        if others:
            lines.append(f"  Still open: drawer {', '.join(others)}")
        if self._to_deposit():
            lines.append(f"  Deposit {show_cents(self._to_deposit())}")
        if not self.desk.may("close_day") and not self.done:
            lines.append("  The day itself is closed by a manager.")
        return lines

    def concerns(self, entry: Entry) -> bool:
        return entry.operation.startswith(("payment.", "shift.", "day.", "visit."))

    def keys_shown(self) -> list[tuple[str, str]]:
        return [
            ("Enter", "next, do it"), ("Tab", "fields"), ("F4", "settle"), ("F7", "park"),
            ("Esc", "keep as draft"), ("F1", "help"),
        ]  # fmt: skip

    async def on_key(self, event: events.Key) -> None:
        """F4, where a field has no choices of its own: where the next open item is settled."""
        if event.key == "f4":
            event.stop()
            await self._go_settle()
        else:
            await super().on_key(event)

    async def _go_settle(self) -> None:
        """The items in turn; one that was looked at and left comes again after the others."""
        # What is to be deposited is settled here.
        items = [item for item in self.status.open_items if item.kind != "deposit"]
        if not items:
            self.say("Nothing is to be settled elsewhere")
            return
        if all((item.kind, item.subject) in self._looked_at for item in items):
            self._looked_at.clear()
        item = next(one for one in items if (one.kind, one.subject) not in self._looked_at)
        self._looked_at.add((item.kind, item.subject))
        there = self.attempt(place_of, self.desk, item)
        if there is not None and await self.desk_app.go(there[0], **there[1]) is not None:
            self.desk_app.say(f"To settle: {item.words}. Esc goes back to closing")

    # Reading what is typed

    def _read_checks(self, text: str) -> tuple[Any, str]:
        assert self.there is not None
        return _read_listed(text, self.there.checks)

    def _read_orders(self, text: str) -> tuple[Any, str]:
        assert self.there is not None
        return _read_listed(text, self.there.money_orders)

    def _read_cards(self, text: str) -> tuple[Any, str]:
        """A total that agrees, or cents by brand. Raises Invalid."""
        assert self.there is not None
        brands = {"mc": "mastercard", "disc": "discover"}
        words = text.replace("=", " ").replace(",", " ").split()
        if len(words) == 1:
            total = parse_cents(words[0], allow_negative=True)
            if total == sum(self.there.cards.values()):
                return dict(self.there.cards), "agrees"
            if len(self.there.cards) == 1:
                return {next(iter(self.there.cards)): total}, ""
            raise Invalid("The batch differs", "Type it by brand: visa 140 mc 475")
        if len(words) % 2:
            raise Invalid("A brand and its total", "visa 140 mc 475")
        found: dict[str, int] = {}
        for word, amount in zip(words[::2], words[1::2], strict=True):
            brand = brands.get(word.lower(), word.lower())
            found[brand] = parse_cents(amount, allow_negative=True)
        return found, show_cents(sum(found.values()))

    def _read_deposit(self, text: str) -> tuple[int, str]:
        cents = parse_cents(text)
        wanted = self._to_deposit()
        if cents != wanted:
            raise Invalid(f"It comes to {show_cents(wanted)}", "Count the bag again")
        return cents, "agrees"

    # Doing

    def on_record_form_typed(self) -> None:
        if self.counted and self.close_form.field in {
            *(f"n{value}" for value in NOTES), "coin", "checks", "orders", "cards",
        }:  # fmt: skip
            self.counted = False
            self._show()
        super().on_record_form_typed()

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        if self.done:
            await self._afterwards(values)
        elif self.shift is not None and not self.counted:
            self._count(values)
        else:
            await self._close(values)

    def _count(self, values: Mapping[str, Any]) -> None:
        shift = self.shift
        assert shift is not None
        coin = values.get("coin") or 0
        found = Count(
            cash_cents=sum(value * (values.get(f"n{value}") or 0) for value in NOTES) + coin,
            checks=values.get("checks") or (),
            money_orders=values.get("orders") or (),
            cards=values.get("cards") or {},
        )
        if self.attempt(shifts.count, self.desk, shift.id, found) is None:
            return
        if self._closes_day() and self.status.state == "open":
            self.attempt(dayclose.freeze, self.desk, location=self.status.location)
        self.counted = True
        self.load()
        form = self.close_form
        gap = next((name for name in form.sheet.walk() if form.sheet.is_gap(name)), None)
        if gap is not None:
            form.go_to(gap)
        self.save_draft()
        self.show_enter()

    async def _close(self, values: Mapping[str, Any]) -> None:
        desk, shift, location = self.desk, self.shift, self.status.location
        day, locks = self.status.day, self._may_lock()
        to_bank = self._to_deposit()
        try:
            if shift is not None:
                shifts.close_shift(desk, shift.id, reason=values.get("reason") or "")
            said = f"Drawer {self.drawer} closed" if shift is not None else ""
            if to_bank:
                made = deposits.deposit(
                    desk, location=location, day=day, bag=values.get("bag") or "",
                    typed_total=values.get("deposit"), key=f"{self.key}:deposit",
                )  # fmt: skip
                said += f"  deposit {made.number}: {show_cents(made.total_cents)}"
            if locks:
                reason = values.get("anyway") or ""
                dayclose.close(desk, location=location, day=day, reason=reason, key=self.key)
                said += "  the day is closed"
        except DesktermError as error:
            self.load()
            self.failed(error)
            return
        await self.finish(said.strip() or "Nothing to close")

    async def _afterwards(self, values: Mapping[str, Any]) -> None:
        desk, location, day = self.desk, self.status.location, self.status.day
        if values["next"] == "sheet":
            app = self.desk_app
            await self.finish()
            await app.go("report")
            return
        if values["next"] == "approve":
            done = self.attempt(dayclose.approve, desk, location=location, day=day)
        else:
            done = self.attempt(self._reopen, values)
        if done is not None:
            word = "approved" if values["next"] == "approve" else "open again"
            await self.finish(f"{day:%a %b} {day.day} is {word}")

    def _reopen(self, values: Mapping[str, Any]) -> Any:
        yes = approval_of(self.desk, "day.reopen", values)
        return dayclose.reopen(
            self.desk, reason=values["why"], location=self.status.location,
            day=self.status.day, approval=yes,
        )  # fmt: skip


def _listed(words: str, room: int) -> list[Text]:
    """A list item, wrapped."""
    first, *rest = wrap(words, room) or [""]
    return [f" - {first}", *(f"   {line}" for line in rest)]


def _that_fit(blocks: list[list[Text]], room: int) -> list[Text]:
    """As many whole blocks as ``room`` rows hold, then how many more there are."""
    kept = list(blocks)
    while kept and sum(map(len, kept)) + (len(kept) < len(blocks)) > room:
        kept.pop()
    lines = [row for block in kept for row in block]
    more = len(blocks) - len(kept)
    return [*lines, f"   and {more} more"] if more else lines


def _read_pieces(text: str) -> tuple[int, str]:
    if not text.isascii() or not text.isdigit():
        raise Invalid("How many? A number", "Enter for none")
    return int(text), ""


def _read_cents(text: str) -> tuple[int, str]:
    cents = parse_cents(text)
    return cents, show_cents(cents)


def _read_listed(text: str, listed: Iterable[tuple[str, int]]) -> tuple[Any, str]:
    """The checks listed, less those with ``-``, with other amounts (``=``), and more (``:``)."""
    found = dict(listed)
    for word in text.replace(",", " ").split():
        if word.lower() == ALL:
            continue
        if word.startswith("-"):
            if word[1:] not in found:
                raise Invalid(f"No {word[1:]} is listed", "Type the number as it is listed")
            del found[word[1:]]
        elif "=" in word:
            number, _, amount = word.partition("=")
            if number not in found:
                raise Invalid(f"No {number} is listed", "77:20.00 adds one")
            found[number] = parse_cents(amount)
        elif ":" in word:
            number, _, amount = word.partition(":")
            found[number] = parse_cents(amount)
        else:
            raise Invalid("-1042, 1042=53.00 or 77:20.00", "Enter: all listed are here")
    total = show_cents(sum(found.values()))
    return sorted(found.items()), f"{len(found)} = {total}"
