"""Find a patient by anything a clerk is given; over whatever is open (F2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deskterm.clock import age_on
from deskterm.entry.dates import show_birth
from deskterm.errors import DesktermError
from deskterm.office import finder
from deskterm.office.finder import PatientRow
from deskterm.screens.base import DeskScreen
from deskterm.text import fit
from deskterm.widgets.lookup import Lookup, LookupColumn, LookupRow

LIMIT = 9
COLUMNS = (
    LookupColumn("Name", 24),
    LookupColumn("Born", 10),
    LookupColumn("Age", 4, right=True),
    LookupColumn("Phone", 6),
    LookupColumn("MRN", 8),
    LookupColumn("Today / next", 17),
)


def lookup_row(row: PatientRow, today: Any) -> LookupRow:
    """One patient as the finder shows them: never more than is needed to tell people apart."""
    phone = f"..{row.phone[-4:]}" if row.phone else ""
    age = f"{age_on(row.birth_date, today)}{row.sex}"
    cells = (row.name, show_birth(row.birth_date), age, phone, f"#{row.mrn}", row.today)
    return LookupRow(row.id, cells, "=" if row.alike else "")


class FinderScreen(DeskScreen):
    """The finder. Closed with the patient's id and what was typed behind ``;``, or None.

    Without ``picking`` the patient's card opens, or what stands behind ``;`` is done.
    """

    title_text = "FIND"

    def __init__(self, typed: str = "", *, picking: bool = False) -> None:
        super().__init__()
        self.picking = picking
        self.lookup = Lookup(COLUMNS, text=typed, classes="body")

    def body(self) -> Iterable[Any]:
        yield self.lookup

    def opened(self) -> None:
        self.banner_row.show_summary("")
        self.say(
            "parts of names, birth date, phone or MRN; then ; and what to do: smi jo;p",
            level="coach",
        )
        self._say_enter()

    def keys_shown(self) -> list[tuple[str, str]]:
        return [
            ("Down", "into the list"), ("1-9", "pick there"), ("+", "new patient"),
            ("Esc", "back"), ("F1", "how to search"),
        ]  # fmt: skip

    def on_lookup_typed(self, message: Lookup.Typed) -> None:
        self.search(message.text)

    def search(self, text: str) -> None:
        """Search for ``text`` and show what there is."""
        if not text.strip():
            self.lookup.show(text, [], note="")
            self._say_enter()
            return
        try:
            found = finder.find(self.desk, text, limit=LIMIT)
        except DesktermError as error:
            self.say_error(error)
            self.lookup.show(text, [], note="")
            return
        today = self.desk.today()
        rows = [lookup_row(row, today) for row in found.rows]
        how = found.how + ("  (sounds like)" if found.sounds_like else "")
        count = f"{len(rows)}{'+' if found.more else ''} found" if rows else "nobody found"
        self.lookup.show(
            text,
            rows,
            note=f"{fit(how, 50)} {count}",
            new=f"new patient {text.upper()}  (type more letters, or the birth date)",
        )
        self._say_enter()

    def on_lookup_moved(self) -> None:
        self._say_enter()

    def _say_enter(self) -> None:
        self.enter_row.show(self.lookup.enter_says)

    async def on_lookup_chosen(self, message: Lookup.Chosen) -> None:
        patient_id = int(message.key)
        if self.picking:
            self.dismiss((patient_id, message.then))
            return
        app = self.desk_app
        await app.close_top()
        if message.then.strip():
            await app.run_line_for(patient_id, message.then)
        else:
            await app.go("patient", patient_id=patient_id)

    async def on_lookup_new_wanted(self, message: Lookup.NewWanted) -> None:
        app = self.desk_app
        if self.picking:
            self.dismiss(None)
        else:
            await app.close_top()
        await app.go("register", typed=message.text)

    async def on_lookup_left(self) -> None:
        await self.back()

    async def back(self) -> None:
        if self.picking:
            self.dismiss(None)
        else:
            await self.desk_app.close_top()
