"""The letters that act on a visit, the same on every list that shows visits."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from deskterm.entry.money import show_cents
from deskterm.errors import DesktermError, Invalid, Stale
from deskterm.office import news
from deskterm.office.day_board import AppointmentRow
from deskterm.screens.base import DeskScreen

# What ``f`` does from each stage; checking in and out are screens of their own.
NEXT_STEP = {
    "expected": "arrive",
    "arrived": "check_in",
    "checking_in": "check_in",
    "checked_in": "room",
    "roomed": "with_provider",
    "with_provider": "ready",
    "ready": "check_out",
}


class VisitKeys(DeskScreen):
    """A list with visits: implements c, o, f, r, x, n, p, m, i, j, h and b for the current row."""

    def current_visit(self) -> AppointmentRow | None:
        """The visit under the cursor."""
        raise NotImplementedError

    def current_patient(self) -> int | None:
        """The patient under the cursor."""
        row = self.current_visit()
        return row.patient_id if row is not None else None

    def record_here(self) -> Hashable:
        row = self.current_visit()
        return row.id if row is not None else None

    def visit(self) -> AppointmentRow:
        """The visit under the cursor. Raises Invalid when there is none."""
        row = self.current_visit()
        if row is None:
            raise Invalid("No visit here", "Choose a row by its number, then the letter")
        return row

    def failed(self, error: DesktermError) -> None:
        """After a stale letter the row is shown as it is now, with what changed."""
        before = self.current_visit()
        super().failed(error)
        if not isinstance(error, Stale) or before is None:
            return
        self.reload()
        after = self.current_visit()
        same = after is not None and after.id == before.id
        now = news.visit_changes(before, after) if same and after is not None else ""
        said = f"Changed by {error.details['who']}: {now}" if now else error.message
        self.say(f"{said}. Once more if still right", level="error")

    def patient_here(self) -> int:
        """The patient under the cursor. Raises Invalid when there is none."""
        patient_id = self.current_patient()
        if patient_id is None:
            raise Invalid("No patient here", "F2 finds one")
        return patient_id

    async def do_check_in(self) -> None:
        await self.desk_app.go("check_in", appointment_id=self.visit().id)

    async def do_check_out(self) -> None:
        await self.desk_app.go("check_out", appointment_id=self.visit().id)

    async def do_next_state(self) -> None:
        """Move on to the stage that comes next; checking in and out have screens of their own."""
        row = self.visit()
        step = NEXT_STEP.get(row.stage)
        if row.lifecycle != "scheduled" or step is None:
            raise Invalid("Nothing comes next for this visit", "u takes back the last move")
        if step == "check_in":
            await self.do_check_in()
        elif step == "check_out":
            await self.do_check_out()
        elif step == "room":
            await self.desk_app.go("jot", appointment_id=row.id, what="room")
        else:
            from deskterm.office import visits

            def move_on() -> None:
                getattr(visits, step)(self.desk, row.id, version=row.version)
                self.moved_on(row, step)

            await self.identified(row.patient_id, move_on)

    async def identified(self, patient_id: int, act: Callable[[], None]) -> None:
        """Do ``act`` at once, or once the birth date of a patient with namesakes was typed."""
        from deskterm.screens.identify import identified

        await identified(self, patient_id, act)

    def moved_on(self, row: AppointmentRow, step: str) -> None:
        """Say what was done to a visit, remember how to take it back, and show it."""
        said = f"{row.number} {row.patient.split(',')[0]}: {step.replace('_', ' ')}"
        from deskterm.office import visits

        self.desk_app.remember(said, lambda: visits.undo(self.desk, row.id))
        self.reload()
        self.say(f"{said}. ^Z takes it back")

    async def do_no_show(self) -> None:
        """``n``: did not come; for somebody who is here, left without being seen."""
        from deskterm.office import visit_fees, visits
        from deskterm.screens.prompt import ask

        row = self.visit()
        if row.lifecycle == "scheduled" and row.stage != "expected":
            await self.do_left()
            return

        fee = visit_fees.would_charge(self.desk, row.id)

        def note_it(why: str = "") -> None:
            visits.no_show(
                self.desk, row.id, version=row.version, reason=why.strip(),
                waive_fee=bool(fee and why.strip()),
            )  # fmt: skip
            charged = f", {show_cents(fee)} charged" if fee and not why.strip() else ""
            self.moved_on(row, f"no_show{charged}")

        def take(why: str) -> None:
            # The question closes with this Enter; what is said of the act comes after it.
            self.call_after_refresh(self.attempt, note_it, why)

        async def question() -> None:
            example = "Enter charges it; a few words of why waive it; Esc leaves it"
            await ask(self, f"Fee {show_cents(fee)}", take, example=example)

        def begin() -> None:
            if fee:
                self.app.call_later(question)
            else:
                note_it()

        await self.identified(row.patient_id, begin)

    async def do_left(self) -> None:
        from deskterm.office import visits

        row = self.visit()

        def note_it() -> None:
            visits.left(self.desk, row.id, version=row.version)
            self.moved_on(row, "left without being seen")

        await self.identified(row.patient_id, note_it)

    async def do_reschedule(self) -> None:
        await self.desk_app.go("opening", moving=self.visit().id)

    async def do_cancel(self) -> None:
        row = self.visit()
        if row.lifecycle == "cancelled":
            from deskterm.office import scheduling

            scheduling.reinstate(self.desk, row.id, version=row.version)
            self.reload()
            self.say("Back on the schedule")
            return
        await self.desk_app.go("cancel", appointment_id=row.id)

    async def do_book(self) -> None:
        await self.desk_app.go("opening", patient_id=self.patient_here())

    async def do_eligibility(self) -> None:
        """``e``: what the payer says about this patient, for this visit when there is one."""
        row = self.current_visit()
        await self.desk_app.go(
            "coverage",
            patient_id=self.patient_here(),
            appointment_id=row.id if row is not None else None,
        )

    async def do_authorization(self) -> None:
        """``a``: this patient's authorizations and referrals; Enter there covers the visit."""
        row = self.current_visit()
        waits = row is not None and row.lifecycle == "scheduled"
        await self.desk_app.go(
            "refs",
            patient_id=self.patient_here(),
            appointment_id=row.id if row is not None and waits else None,
        )

    async def do_payment(self) -> None:
        row = self.current_visit()
        await self.desk_app.go(
            "payment",
            patient_id=self.patient_here(),
            appointment_id=row.id if row is not None else None,
        )

    async def do_message(self) -> None:
        await self.desk_app.go("call", patient_id=self.patient_here())

    async def do_edit(self) -> None:
        await self.desk_app.go("register", patient_id=self.patient_here())

    async def do_jot(self) -> None:
        await self.desk_app.go("jot", appointment_id=self.visit().id)

    async def do_history(self) -> None:
        await self.desk_app.go("history", patient_id=self.patient_here())
