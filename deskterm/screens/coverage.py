"""One patient's insurance for a visit: what was answered, what it comes to, who pays first (e)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from textwrap import wrap
from typing import Any, ClassVar

from deskterm.db.journal import Entry
from deskterm.entry.dates import show_birth
from deskterm.errors import DesktermError, Invalid
from deskterm.office import (
    answers_by_hand,
    asking,
    benefits,
    coverage,
    day_board,
    plans,
    policies,
    visit_estimate,
)
from deskterm.office.benefits import Said
from deskterm.office.coverage import CoverageRow
from deskterm.screens import sending
from deskterm.screens.base import DeskScreen
from deskterm.screens.prompt import ask
from deskterm.screens.who import show_banner
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_paint import Part

VIEWS = ("summary", "every line", "plan", "who pays first")


class CoverageScreen(DeskScreen):
    """Enter asks the payer, and once there is an answer accepts it.

    ``v`` shows every line of the answer, the plan's card, who pays first; ``+`` notes what was
    said on the phone; ``f`` that it could not be verified; ``s`` the next coverage.
    """

    place: ClassVar[str] = "coverage"
    title_text: ClassVar[str] = "INSURANCE"

    def __init__(self, patient_id: int, appointment_id: int | None = None) -> None:
        super().__init__()
        self.patient_id = patient_id
        self.appointment_id = appointment_id
        self.at = 0
        self.view: str = VIEWS[0]
        self.panel = Panel(classes="body")
        self.covered: list[CoverageRow] = []
        self.day: date | None = None

    def body(self) -> Iterable[Any]:
        yield RuleRow()
        yield self.panel

    def context(self) -> str:
        return f"{self.view}   {self.day:%a %m/%d/%Y}" if self.day else self.view

    def load(self) -> None:
        show_banner(self, self.patient_id)
        self.day = self._day()
        self.covered = coverage.of_patient(self.desk, self.patient_id, self.day)
        self.at = min(self.at, max(len(self.covered) - 1, 0))
        self.panel.show(self._lines())
        self.show_enter()

    def _day(self) -> date:
        if self.appointment_id is not None:
            return day_board.appointment(self.desk, self.appointment_id).start.date()
        return self.desk.today()

    @property
    def row(self) -> CoverageRow | None:
        """The coverage that is shown."""
        return self.covered[self.at] if self.covered else None

    def keys_shown(self) -> list[tuple[str, str]]:
        return [("Enter", "ask, accept"), ("+", "note an answer"), ("f", "could not verify"),
                ("v", "lines, plan, order"), ("s", "next coverage"), (". ,", "page"),
                ("Esc", "back")]  # fmt: skip

    # Showing

    def _lines(self) -> list[Text]:
        row = self.row
        if row is None:
            return ["No insurance in force on that day: self-pay.", "", *self._estimate()]
        said = benefits.newest(self.desk, row.id)
        if self.view == "every line":
            return self._every_line(said)
        if self.view == "plan":
            return list(plans.card(self.desk, row.plan_code))
        if self.view == "who pays first":
            return self._order()
        return [*self._head(row, said), "", *self._estimate()]

    def _head(self, row: CoverageRow, said: Said | None) -> list[Text]:
        more = f"   {self.at + 1} of {len(self.covered)}, s next" if len(self.covered) > 1 else ""
        lines: list[Text] = [
            f"{row.priority} {row.plan_name}   id {row.member_id}   group {row.group_number or '-'}"
            f"   from {_day(row.starts_on)}{more}"
        ]
        if said is None:
            lines.append([Part("NOT VERIFIED", "attention"), Part("   nobody asked yet")])
        else:
            style = "attention" if said.status in ("inactive", "unable", "issue") else "primary"
            tried = "tried" if said.status == "unable" else said.method
            how = said.representative or {"271": "asked", "file": "a file"}.get(said.method, tried)
            number = said.trace or said.reference
            lines.append(
                [
                    Part(said.status.upper(), style),
                    Part(
                        f"   for {said.service_day:%m/%d/%Y}, {how} {said.day:%m/%d/%Y}  {number}"
                    ),
                ]
            )
            if said.plan and said.status != "unable":
                lines.append(f"Plan says   {said.plan}")
            if said.ends_on is not None:
                lines.append([Part(f"ENDS {said.ends_on:%m/%d/%Y}", "attention")])
            if said.differs:
                lines.append([Part("CHANGED", "attention"), Part(f"   {said.differs}")])
            if said.note:
                lines.append([Part("NOTE", "attention"), Part(f"   {said.note}")])
            for code, level, what, do in said.rejections:
                lines.append([Part(f"{code} {what}", "attention"), Part(f"  ({level})")])
                lines.append(f"   {do}")
            barred = benefits.needs_authorization(said.lines, self._services())
            if barred is not None:
                lines.append([Part("AUTHORIZATION NEEDED", "attention"),
                              Part(f"   {said.source_of(barred)}")])  # fmt: skip
        waiting = asking.waiting(self.desk, row.id)
        if waiting:
            lines.append([Part("ASKED", "attention"), Part(f"   {waiting}")])
        return lines

    def _services(self) -> tuple[str, ...]:
        return benefits.USUAL_SERVICES

    def _every_line(self, said: Said | None) -> list[Text]:
        if said is None:
            return ["No answer yet. Enter asks, + notes one"]
        return [f"{line.line:>3}  {line.words}" for line in said.lines] or ["No lines"]

    def _order(self) -> list[Text]:
        lines: list[Text] = []
        for place in policies.who_pays_first(self.desk, self.patient_id, self.day):
            lines.append(f"{place.place}  {place.plan}")
            lines.append(f"     {place.why}{'' if place.sure else '   NOT SURE'}")
        asked = policies.questionnaire(self.desk, self.patient_id)
        if asked is not None:
            lines.append(f"Medicare questionnaire asked {show_birth(asked.asked_on)}")
        return lines

    def _estimate(self) -> list[Text]:
        if self.appointment_id is None or not self.desk.may("view_money"):
            return []
        made = visit_estimate.for_visit(self.desk, self.appointment_id)
        sentence, *rest = made.lines
        first, *more = wrap(sentence, max(self.size.width - 12, 20))
        return [[Part("ESTIMATE", "primary"), Part(f"   {first}")],
                *(f"           {line}" for line in more), *rest]  # fmt: skip

    def show_enter(self) -> None:
        row = self.row
        if row is None:
            self.enter_row.show("Enter = back   i = register insurance")
            return
        if asking.answered_today(self.desk, row.id):
            self.enter_row.show("Enter = accept")
            return
        if asking.waiting(self.desk, row.id):
            self.enter_row.show("Asked; the answer lands here. Esc = go on with other work")
            return
        why_not = asking.cannot(self.desk, row.id)
        self.enter_row.show(
            f"+ = note an answer got by phone or portal ({why_not})" if why_not
            else f"Enter = ask {row.payer_name or row.plan_name}"
        )  # fmt: skip

    # Doing

    async def list_key(self, key: str, character: str | None) -> bool:
        if key in ("enter", "ctrl+j"):
            await self._enter()
            return True
        return await super().list_key(key, character)

    async def _enter(self) -> None:
        """Accept today's answer, or ask for one."""
        row = self.row
        if row is None or asking.answered_today(self.desk, row.id):
            await self.desk_app.close_top(said=f"Insurance {row.eligibility}" if row else "")
            return
        self._ask()

    def _ask(self) -> None:
        row = self.row
        if row is None or self.day is None:
            return
        done = self.attempt(
            asking.ask, self.desk, row.id, self.day, appointment_id=self.appointment_id
        )
        if done is not None:
            sending.start(self.desk)
            self.reload()
            self.say("Asked. The answer lands here by itself; go on with other work")

    def do_eligibility(self) -> None:
        """``e``: ask, also when today's answer is here."""
        self._ask()

    def do_view(self) -> None:
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self.panel.page(-1000)
        self.reload()

    def do_sort(self) -> None:
        """``s``: the next coverage."""
        if len(self.covered) > 1:
            self.at = (self.at + 1) % len(self.covered)
            self.reload()

    async def do_new(self) -> None:
        """``+``: note what a portal or a representative said."""
        row = self._covered()
        await self.desk_app.go("answer", coverage_id=row.id, appointment_id=self.appointment_id)

    async def do_next_state(self) -> None:
        """``f``: it could not be verified, and why."""
        row, day = self._covered(), self.day
        assert day is not None

        def take(text: str) -> None:
            answers_by_hand.could_not_verify(self.desk, row.id, text, on=day)
            self.reload()
            self.say("Noted; the insurance stays as it is")

        await ask(self, "Could not verify: why?", take, example="portal down, closed until 8")

    def _covered(self) -> CoverageRow:
        if self.row is None:
            raise Invalid("No insurance in force here", "i opens the registration form")
        return self.row

    async def do_edit(self) -> None:
        await self.desk_app.go("register", patient_id=self.patient_id)

    async def do_message(self) -> None:
        await self.desk_app.go("call", patient_id=self.patient_id)

    async def do_payment(self) -> None:
        await self.desk_app.go(
            "payment", patient_id=self.patient_id, appointment_id=self.appointment_id
        )

    def do_later_page(self) -> None:
        self.panel.page(1)

    def do_earlier_page(self) -> None:
        self.panel.page(-1)

    def concerns(self, entry: Entry) -> bool:
        return entry.patient_id == self.patient_id

    def failed(self, error: DesktermError) -> None:
        self.say_error(error)


def _day(day: date | None) -> str:
    return f"{day:%m/%d/%Y}" if day else "?"
