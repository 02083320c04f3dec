"""A payment before it is posted: what it would pay, what goes back, and its receipt as printed.

Nothing here writes to the clinic's data; the figures are worked out as ``payments.take`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deskterm.clock import local, utc_text
from deskterm.db import journal
from deskterm.db.payments import Payment
from deskterm.entry.money import TenderEntry
from deskterm.errors import NotFound, Unreachable
from deskterm.office import posting, receipts
from deskterm.office.desk import Desk
from deskterm.office.dues import Due
from deskterm.office.ledger import sum_of
from deskterm.office.patient_card import facts

COLUMNS = 32
_PLACE = """
SELECT l.id, l.name, l.address, l.phone, l.zone, l.receipt_prefix FROM location l WHERE l.id = ?"""
_NEXT = """
SELECT coalesce(max(sequence), 0) + 1 FROM payment WHERE location_id = ? AND business_day = ?"""


@dataclass(frozen=True)
class PaymentPlan:
    """Tenders over dues. All amounts are cents.

    ``parts`` are the dues with what is paid on each, money kept as a prepayment last.
    ``change`` goes back in cash; ``over`` is more than is due and cannot be given back.
    """

    tenders: tuple[TenderEntry, ...]
    parts: tuple[tuple[Due, int], ...]
    change: int = 0
    over: int = 0

    @property
    def total(self) -> int:
        """What is kept."""
        return sum(tender.amount for tender in self.tenders) - self.change

    def paid(self, due: Due) -> int:
        """What is paid on ``due``."""
        return next((cents for item, cents in self.parts if item == due), 0)


def plan(
    desk: Desk,
    dues: Sequence[Due],
    tenders: Sequence[TenderEntry],
    *,
    purpose: str | None = None,
    prepay: bool = False,
) -> PaymentPlan:
    """What ``tenders`` pay of ``dues``: those of ``purpose`` only, the rest kept if ``prepay``."""
    left = sum(tender.amount for tender in tenders)
    parts: list[tuple[Due, int]] = []
    for due in dues:
        cents = min(due.due_cents, left)
        if cents > 0 and (purpose is None or purpose in (due.purpose, due.kind)):
            parts.append((due, cents))
            left -= cents
    if left and prepay:
        kept = Due(None, "prepayment", "prepayment", desk.today(), left)
        return PaymentPlan(tuple(tenders), (*parts, (kept, left)))
    cash = any(tender.kind == "cash" and tender.amount > left for tender in tenders)
    if left and parts and cash:
        return PaymentPlan(tuple(tenders), tuple(parts), change=left)
    return PaymentPlan(tuple(tenders), tuple(parts), over=left)


def next_receipt(desk: Desk, patient_id: int, appointment_id: int | None = None) -> str:
    """The number that the next receipt of this place and day would get."""
    desk.require("view_money")
    place_id, _, _, _, zone, prefix = _place(desk, patient_id, appointment_id)
    day = local(desk.now(), zone).date()
    number = desk.rows(_NEXT, place_id, day.isoformat())[0][0]
    return f"{prefix.upper()}-{day:%y%m%d}-{number:03d}"


def preview(
    desk: Desk,
    patient_id: int,
    appointment_id: int | None,
    planned: PaymentPlan,
    *,
    note: str = "",
    columns: int = COLUMNS,
) -> str:
    """The receipt that posting ``planned`` now would print."""
    desk.require("view_money")
    _, name, address, phone, zone, _ = _place(desk, patient_id, appointment_id)
    who = facts(desk, patient_id)
    charged = sum(
        due.full_cents
        for due, _ in planned.parts
        if due.charge_id is None and due.purpose != "prepayment" and due.patient_id is None
    )
    own = planned.total - sum(c for due, c in planned.parts if due.patient_id is not None)
    head = receipts._Head(
        id=0,
        receipt=next_receipt(desk, patient_id, appointment_id),
        kind="payment",
        taken_at=utc_text(desk.now()),
        by=desk.actor.login,
        desk=desk.workstation,
        total=planned.total,
        balance_after=sum_of(desk, patient_id) + charged - own,
        note=note,
        void_reason="",
        voids="",
        voided_by="",
        last_name=who.last_name,
        first_name=who.first_name,
        mrn=who.mrn,
        place=name,
        address=address,
        phone=phone,
        zone=zone,
        patient_id=patient_id,
    )
    lines = [
        (due.purpose, "" if due.purpose == "prepayment" else due.service_day.isoformat(), cents,
         _whose(desk, due))
        for due, cents in sorted(planned.parts, key=lambda part: part[0].patient_id or 0)
    ]  # fmt: skip
    rule = "-" * columns
    out = [
        *receipts._practice(desk, head, columns),
        *receipts._wrapped(head.receipt, columns),
        *receipts._top(head, columns),
        rule,
        *receipts._lines(lines, columns),
        rule,
        receipts._line("total", head.total, columns),
        *(row for tender in _tendered(planned) for row in receipts._tender(tender, columns)),
        rule,
        receipts._balance(head.balance_after, columns),
        *receipts._footer(head, lines, columns),
    ]
    return "\n".join(line.rstrip() for line in out) + "\n"


def posted(desk: Desk, key: str) -> str:
    """The receipt that a form with this key has posted already; empty when it has not."""
    desk.require("view_money")
    found = journal.read(desk.database, key=key, limit=1)
    if not found or found[0].operation != "payment.take":
        return ""
    receipt: str = Payment.get_by_id(found[0].entity_id).receipt
    return receipt


def print_receipt(desk: Desk, receipt: str) -> Path:
    """Write the receipt into the folder beside the database, and print it where there is a printer.

    Raises Conflict, Unreachable; what failed is the paper, never the payment.
    """
    from deskterm.office import printing  # a printer's commands are not needed to look

    path = write_receipt(desk, receipt)
    printing.print_receipt(desk, receipt)
    return path


def write_receipt(desk: Desk, receipt: str) -> Path:
    """Write the receipt into the folder beside the database. Raises Unreachable, Conflict."""
    folder = desk.settings.database_path.with_name("receipts")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Unreachable(
            f"The folder for receipts cannot be made: {error.strerror}",
            "The payment is posted; :receipt shows it",
        ) from None
    about = desk.rows("SELECT patient_id FROM payment WHERE receipt = ?", receipt)
    desk.views.printed(f"receipt {receipt}", about[0][0] if about else None)
    return receipts.write(desk, receipt, folder)


def _whose(desk: Desk, due: Due) -> str:
    """``TRAN B`` where a due is another patient's of the family."""
    if due.patient_id is None:
        return ""
    who = facts(desk, due.patient_id)
    return f"{who.last_name} {who.first_name[:1]}".upper()


def place_id(desk: Desk, patient_id: int, appointment_id: int | None = None) -> int:
    """Where the money would be taken. Raises NotFound."""
    desk.require("view_money")
    return _place(desk, patient_id, appointment_id)[0]


def _tendered(planned: PaymentPlan) -> list[tuple[str, int, int | None, str, str, str, str]]:
    """The tenders as the receipt lists them: what counts, and what was given where change goes."""
    rows: list[tuple[str, int, int | None, str, str, str, str]] = []
    change = planned.change
    for tender in planned.tenders:
        given = None
        if change and tender.kind == "cash" and tender.amount > change:
            given, tender, change = tender.amount, replace(tender, amount=tender.amount - change), 0
        rows.append(
            (tender.kind, tender.amount, given, tender.reference, tender.brand, tender.last4,
             tender.approval)
        )  # fmt: skip
    return rows


def _place(
    desk: Desk, patient_id: int, appointment_id: int | None
) -> tuple[int, str, str, str, str, str]:
    """Where the money would be taken: id, name, address, phone, zone, letter of the receipts."""
    if appointment_id is not None:
        found = desk.rows("SELECT location_id FROM appointment WHERE id = ?", appointment_id)
    else:
        found = desk.rows(posting._TODAYS_VISIT, patient_id, desk.today().isoformat())
        found = found or desk.rows("SELECT min(id) FROM location WHERE active = 1")
    place = desk.rows(_PLACE, found[0][0]) if found else []
    if not place:
        raise NotFound("No location is set up yet", "deskterm admin adds one")
    location_id, name, address, phone, zone, prefix = place[0]
    return location_id, name, address, phone, zone, prefix
