"""Referrals and authorizations by when something is due (:refs); one patient's with ``a``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.commands import Command
from deskterm.db.journal import Entry
from deskterm.entry.dates import show_short
from deskterm.errors import Conflict, Invalid
from deskterm.office import authorization_requests, authorizations, permits, referrals, refs_list
from deskterm.office.queue import short_name
from deskterm.office.refs_list import GROUPS, RefRow
from deskterm.screens.prompt import ask
from deskterm.screens.row_keys import RowKeys, styled
from deskterm.screens.who import show_banner
from deskterm.widgets.panel import Panel
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_data import Column, Row

COLUMNS = (
    Column("Patient", 14), Column("For", 18, grows=True), Column("To / payer", 12),
    Column("State", 6, is_state=True), Column("Auth no", 9, drop_order=2),
    Column("Used", 5, "right"), Column("By", 5),
)  # fmt: skip
LINES = 6
KINDS = {"a": "authorization", "o": "referral out", "i": "referral in"}
OVERRIDE = ("authorization_units", "authorization_dates")


class RefsScreen(RowKeys):
    """One list for both: a referral is a person to see, an authorization the payer's yes.

    With ``appointment_id`` Enter chooses the row for that visit.
    """

    place: ClassVar[str] = "refs"
    title_text: ClassVar[str] = "REFERRALS AND AUTHS"
    empty: ClassVar[str] = "Nothing is asked for. + asks a payer or notes a referral"

    def __init__(self, patient_id: int | None = None, appointment_id: int | None = None) -> None:
        super().__init__()
        self.patient_id = patient_id
        self.appointment_id = appointment_id
        self.with_done = False
        self.refs: dict[str, RefRow] = {}
        self.panel = Panel(height=LINES, classes="aside")

    def body(self) -> Iterable[Any]:
        self.desk.require("view_patients")
        yield RuleRow()
        self.list.styles.height = "1fr"
        yield self.list
        yield RuleRow()
        yield self.panel

    def load(self) -> None:
        found = refs_list.work(self.desk, patient_id=self.patient_id, done=self.with_done)
        self.refs = {f"{row.what}:{row.id}": row for row in found}
        self.show_rows(COLUMNS, [self._row(n, row) for n, row in enumerate(found, 1)])
        self.desk.views.listed("referrals and authorizations", (row.patient_id for row in found))
        count = {group: sum(row.group == group for row in found) for group in GROUPS}
        said = f"{len(found)} open, {count['OVERDUE']} overdue, {count['ENDS SOON']} end soon"
        if self.patient_id is not None:
            show_banner(self, self.patient_id, said)
        else:
            self.banner_row.show_summary(f"{self.filter_note()}all payers | {said}")
        self.show_enter()

    def _row(self, number: int, row: RefRow) -> Row:
        day = row.due_on or row.ends_on
        granted = row.state in permits.GRANTED
        day = row.ends_on if granted else day
        cells = (
            short_name(row.patient), row.service, row.to, row.word, row.number or "-", row.used,
            f"{day:%m/%d}" if day else "-",
        )  # fmt: skip
        styles = {3: "attention"} if row.group == "OVERDUE" else {}
        return Row(f"{row.what}:{row.id}", number, cells, row.group, styles=styled(cells, styles))

    def current(self) -> RefRow | None:
        """The row under the cursor."""
        row = self.list.current
        return self.refs.get(str(row.key)) if row is not None else None

    def here(self) -> RefRow:
        """The row under the cursor. Raises Invalid when there is none."""
        row = self.current()
        if row is None:
            raise Invalid("Nothing here", "+ asks a payer or notes a referral")
        return row

    def record_here(self) -> str | None:
        row = self.current()
        return f"{row.what}:{row.id}" if row is not None else None

    def show_enter(self) -> None:
        """The panel of the row under the cursor, and what Enter does."""
        row = self.current()
        if row is None:
            self.panel.show([])
            self.enter_row.show("+ = ask a payer, or note a referral")
            return
        since = f"{row.word} since {row.since:%m/%d}"
        due = f", due {show_short(row.due_on)}" if row.due_on else ""
        left = f"   {row.units.words}" if row.units.authorized is not None else ""
        lines = [f"{row.patient}   {row.detail}", f"  {since}{due}{left}"]
        if row.detail:
            lines += [
                f"  {event.at:%m/%d} {event.by}: {event.words}"
                for event in refs_list.history(self.desk, row.what, row.id)[:3]
            ]
        lines.append(f"Next: {row.next}" if row.next else "")
        self.panel.show(list(lines))
        verb = "Enter = cover the visit with this" if self.appointment_id else "Enter = edit"
        self.enter_row.show(f"{verb}   f = {row.next or 'next state'}")

    def on_row_list_moved(self) -> None:
        self.show_enter()

    def keys_shown(self) -> list[tuple[str, str]]:
        return [("f", "next state"), ("+", "new"), ("i", "edit"), ("j", "jot"), ("l", "form"),
                ("v", "all"), ("x", "end"), ("Esc", "back")]  # fmt: skip

    async def run(self, command: Command) -> None:
        """The letters of this list are about what is on it, whatever they need elsewhere."""
        await super().run(command._replace(permission="authorizations"))

    def concerns(self, entry: Entry) -> bool:
        return entry.operation.split(".")[0] in (
            "authorization", "referral", "appointment", "visit",
        )  # fmt: skip

    async def on_row_list_chosen(self) -> None:
        row = self.current()
        if row is None:
            return
        if self.appointment_id is None:
            await self.do_edit()
            return
        await self._choose(row)

    async def _choose(self, row: RefRow, override: str = "") -> None:
        """Cover the visit with this row; beyond what is left, ask those who may for a reason."""
        assert self.appointment_id is not None
        given = {"authorization_id" if row.what == "auth" else "referral_id": row.id}
        try:
            permits.link(self.desk, self.appointment_id, override=override, **given)
        except Conflict as error:
            self.say_error(error)
            if error.rule in OVERRIDE and self.desk.may("override_authorization"):
                await ask(self, "Reason to go beyond", lambda text: self.call_next(
                    self._choose, row, text.strip()) if text.strip() else None)  # fmt: skip
            return
        desk, visit = self.desk, self.appointment_id
        await self.desk_app.close_top(
            said=f"Covered by {row.number or row.service}",
            undo=lambda: permits.unlink(desk, visit),
        )

    async def do_edit(self) -> None:
        row = self.here()
        await self.desk_app.go("ref_form", what=row.what, record_id=row.id)

    async def do_new(self) -> None:
        """``+``: for this patient, or the one under the cursor."""
        row = self.current()
        patient_id = self.patient_id or (row.patient_id if row is not None else None)
        if patient_id is None:
            raise Invalid("For whom?", "Open the patient (F2), then a and +")

        def take(text: str) -> None:
            kind = KINDS.get(text[:1].lower())
            if kind is None:
                raise Invalid("a, o or i", "authorization, referral out, referral in")
            self.call_next(
                self.desk_app.go, "ref_form", what="auth" if kind[0] == "a" else "ref",
                patient_id=patient_id, appointment_id=self.appointment_id,
                way="in" if kind.endswith("in") else "out",
            )  # fmt: skip

        await ask(self, "New (a auth, o referral out, i in)", take, example="a")

    async def do_authorization(self) -> None:
        await self.do_new()

    async def do_next_state(self) -> None:
        row = self.here()
        if not row.next and row.state not in permits.GRANTED:
            raise Invalid("Nothing comes next", "x ends it")
        await self.desk_app.go("ref_step", what=row.what, record_id=row.id)

    async def do_jot(self) -> None:
        """``j``: a line in its log."""
        row = self.here()
        write = authorizations.note if row.what == "auth" else referrals.note

        def take(text: str) -> None:
            write(self.desk, row.id, text)
            self.reload()
            self.say("Noted")

        await ask(self, "Note", take, example="called, in review")

    async def do_cancel(self) -> None:
        """``x``: it was a mistake or is not wanted any more."""
        row = self.here()
        end: Any = authorizations.void if row.what == "auth" else referrals.void

        def take(text: str) -> None:
            end(self.desk, row.id, reason=text, version=row.version)
            self.reload()
            self.say(f"Ended: {row.service}")

        await ask(self, "End it: why?", take, example="not wanted any more")

    def do_view(self) -> None:
        """``v``: what is over as well, or only what is open."""
        self.with_done = not self.with_done
        self.reload()

    async def do_letter(self) -> None:
        """``l``: the form to read out or to fax, on paper."""
        row = self.here()
        if row.what != "auth":
            raise Invalid("Only an authorization has this form", "")

        def take(text: str) -> None:
            way = "fax" if text[:1].lower() == "f" else "phone"
            authorization_requests.print_form(self.desk, row.id, way=way)
            self.say("Printed")

        await ask(self, "Form for phone or fax", take, example="phone")

    async def do_message(self) -> None:
        await self.desk_app.go("call", patient_id=self.here().patient_id)
