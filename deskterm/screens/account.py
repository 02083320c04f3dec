"""A patient's account: charges, adjustments, receipts; give back, write off (:account)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.db.journal import Entry
from deskterm.entry.money import show_cents
from deskterm.office import accounts, adjustments, ledger
from deskterm.office.accounts import AccountRow
from deskterm.screens.row_keys import RowKeys
from deskterm.screens.who import show_banner
from deskterm.widgets.row_list import Column, Row
from deskterm.widgets.rows import RuleRow

COLUMNS = (
    Column("Day", 8), Column("What", 22, grows=True), Column("Receipt", 12),
    Column("Amount", 9, "right"), Column("Open", 8, "right"),
    Column("Plan", 8, "right", drop_order=2), Column("By", 8, drop_order=1),
    Column("State", 6, is_state=True),
)  # fmt: skip


class AccountScreen(RowKeys):
    """Enter opens a receipt; ``x`` gives a receipt's money back or takes something off."""

    place: ClassVar[str] = "account"
    title_text: ClassVar[str] = "ACCOUNT"
    empty: ClassVar[str] = "No charges and no payments. p takes a payment"

    def __init__(self, patient_id: int) -> None:
        super().__init__()
        self.patient_id = patient_id
        self.rows: dict[tuple[str, int], AccountRow] = {}

    def body(self) -> Iterable[Any]:
        yield RuleRow()
        yield self.list

    def load(self) -> None:
        found = ledger.balance(self.desk, self.patient_id)
        said = f"owes {show_cents(found.patient_cents)}"
        if found.credit_cents:
            said += f"  held {show_cents(found.credit_cents)}"
        if found.insurance_cents:
            said += f"  with plans {show_cents(found.insurance_cents)}"
        show_banner(self, self.patient_id, said)
        rows = accounts.account(self.desk, self.patient_id)
        self.rows = {(row.what, row.id): row for row in rows}
        above = accounts.beside(self.desk, self.patient_id)
        self.rows |= {(row.what, row.id): row for row in above}
        total = len(rows)
        numbers = [*range(total + 1, total + 1 + len(above)), *range(total, 0, -1)]
        self.show_rows(
            COLUMNS,
            [_shown(row, at) for row, at in zip([*above, *rows], numbers, strict=True)],
        )
        self.show_enter()

    def keys_shown(self) -> list[tuple[str, str]]:
        return [("Enter", "receipt"), ("x", "give back, correct, write off"), ("p", "payment"),
                ("+", "fee"), (". ,", "page"), ("Esc", "back")]  # fmt: skip

    def show_enter(self) -> None:
        row = self.current
        if row is None:
            self.enter_row.show("p = take a payment   + = charge a fee")
        elif row.what == "plan":
            self.enter_row.show("Enter = the plan, instalment by instalment; there it ends too")
        elif row.what == "family":
            self.enter_row.show("Enter = their account")
        elif row.what == "document":
            self.enter_row.show(f"Enter = receipt {row.receipt}   x = give back or correct")
        elif row.what == "charge":
            self.enter_row.show("x = write off, move to the plan or the patient")
        else:
            self.enter_row.show("x = take this adjustment back")

    @property
    def current(self) -> AccountRow | None:
        """The row under the cursor."""
        row = self.list.current
        return self.rows.get(row.key) if row is not None else None  # type: ignore[call-overload]

    def concerns(self, entry: Entry) -> bool:
        return entry.patient_id == self.patient_id and entry.operation.startswith(
            ("payment.", "charge.", "instalments.", "account.", "visit.")
        )

    async def on_row_list_chosen(self, message: Any) -> None:
        row = self.current
        if row is not None and row.what == "plan":
            await self.desk_app.go("plan", patient_id=self.patient_id)
        elif row is not None and row.what == "family":
            await self.desk_app.go("account", patient_id=row.id)
        elif row is not None and row.receipt:
            await self.desk_app.go("receipt", receipt=row.receipt)
        else:
            await self.do_cancel()

    def on_row_list_moved(self) -> None:
        self.show_enter()

    async def do_payment(self) -> None:
        await self.desk_app.go("payment", patient_id=self.patient_id)

    async def do_new(self) -> None:
        """``+``: charge a fee for a form, for records, for something else."""
        await self.desk_app.go("fee", patient_id=self.patient_id)

    async def do_cancel(self) -> None:
        """``x``: what can be done with the row."""
        row = self.current
        if row is None:
            return
        if row.gone:
            self.say("That is taken back already")
        elif row.what == "plan":
            await self.desk_app.go("plan", patient_id=self.patient_id)
        elif row.what == "family":
            await self.desk_app.go("family", patient_id=self.patient_id)
        elif row.what == "document":
            await self.desk_app.go("money_back", receipt=row.receipt)
        elif row.what == "charge":
            await self.desk_app.go("adjust", charge_id=row.id)
        else:
            done = adjustments.take_back(self.desk, row.id, reason="taken back at the desk")
            self.reload()
            self.say(f"Taken back by adjustment {done.id}")


def _shown(row: AccountRow, number: int) -> Row:
    left = show_cents(row.left_cents) if row.left_cents else ""
    plan = show_cents(row.plan_cents) if row.plan_cents else ""
    if row.what in ("plan", "family"):
        state = "MISSED" if "MISSED" in row.words else row.what.upper()
        return Row((row.what, row.id), number, ("", row.words, "", "", left, "", "", state))
    state = "GONE" if row.gone else "OPEN" if row.left_cents else ""
    cells = (f"{row.day:%m/%d/%y}", row.words, row.receipt, show_cents(row.cents), left, plan,
             row.by, state)  # fmt: skip
    return Row((row.what, row.id), number, cells)
