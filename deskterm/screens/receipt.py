"""A receipt as it was printed; Enter or Esc closes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.commands import ENTER_KEYS
from deskterm.db.journal import Entry
from deskterm.errors import Invalid
from deskterm.office import mail, money_exports, pay_plan, payments, printing, receipts
from deskterm.screens.base import DeskScreen
from deskterm.screens.prompt import ask
from deskterm.screens.who import show_banner
from deskterm.widgets.panel import Panel
from deskterm.widgets.rows import RuleRow

WRITE, COPY, MAIL = "w", "y", "e"


class ReceiptScreen(DeskScreen):
    """The text of one receipt: ``w`` writes text and PDF, ``y`` prints a copy, ``x`` voids it."""

    title_text: ClassVar[str] = "RECEIPT"

    def __init__(self, receipt: str) -> None:
        super().__init__()
        self.receipt = receipt.strip().upper()
        self.panel = Panel(classes="body")
        self.patient_id = 0

    def body(self) -> Iterable[Any]:
        yield RuleRow()
        yield self.panel

    def context(self) -> str:
        return self.receipt

    def load(self) -> None:
        self.patient_id = payments.find(self.desk, self.receipt).patient_id
        show_banner(self, self.patient_id)
        text = receipts.text(self.desk, self.receipt)
        self.panel.show([f"  {line}" for line in text.splitlines()])

    def opened(self) -> None:
        self.enter_row.show("Enter = close")

    def concerns(self, entry: Entry) -> bool:
        return entry.operation.startswith("payment.") and entry.patient_id == self.patient_id

    def keys_shown(self) -> list[tuple[str, str]]:
        return [("Enter", "close"), (WRITE, "write text and PDF"), (COPY, "print a copy"),
                (MAIL, "e-mail"), ("x", "void"), (". ,", "page"), ("Esc", "back")]  # fmt: skip

    async def list_key(self, key: str, character: str | None) -> bool:
        if key in ENTER_KEYS:
            await self.back()
            return True
        if character is not None and character.lower() == WRITE:
            self.attempt(self._write)
            return True
        if character is not None and character.lower() == COPY:
            self.attempt(self._copy)
            return True
        if character is not None and character.lower() == MAIL:
            await self._mail()
            return True
        return await super().list_key(key, character)

    async def _mail(self) -> None:
        """Queue it for e-mail; the patient's consent is asked for once."""
        to = mail.address(self.desk, self.patient_id)
        if to.agreed or not to.email:
            self.attempt(self._queue)
            return

        def take(answer: str) -> None:
            if answer.strip().lower() not in ("y", "yes"):
                raise Invalid("y notes that they agree; Esc leaves it", "", field="text")
            mail.consent(self.desk, self.patient_id, agreed=True)
            self.call_after_refresh(self.attempt, self._queue)

        await ask(self, "They agree", take, example=f"y: e-mail is not sealed; to {to.email}")

    def _queue(self) -> None:
        mail.queue_receipt(self.desk, self.receipt)
        self.say("It waits to be e-mailed")

    def _write(self) -> None:
        """Beside the database, where the receipts that were printed at the desk are."""
        path = pay_plan.write_receipt(self.desk, self.receipt)
        name = f"{self.receipt}-copy-{self.desk.wall():%H%M%S}.pdf"
        made = printing.receipt_pdf(self.desk, self.receipt)
        money_exports.write_into(self.desk, path.parent, name, made, what=f"receipt {self.receipt}")
        self.say(f"Written: {path.name} and {name}")

    def _copy(self) -> None:
        if printing.print_receipt(self.desk, self.receipt, duplicate=True):
            self.say("A copy is at the printer, marked DUPLICATE")
        else:
            self.say("No receipt printer is set up. w writes it to a file")

    async def do_cancel(self) -> None:
        """``x``: void it, with a reason."""
        await self.desk_app.go("void", receipt=self.receipt)

    def do_later_page(self) -> None:
        self.panel.page(1)

    def do_earlier_page(self) -> None:
        self.panel.page(-1)
