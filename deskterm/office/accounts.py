"""One patient's account as it is read: every charge, adjustment and document, in order. Cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from deskterm.db.fields import word_of
from deskterm.db.payments import ADJUSTMENT_KINDS, CHARGE_KINDS, PAYMENT_KINDS
from deskterm.office import access, families, instalments
from deskterm.office.desk import Desk
from deskterm.office.ledger import INSURANCE_LEFT, PATIENT_LEFT

_CHARGES = f"""
SELECT c.id, c.business_day, c.service_day, c.kind, c.code, c.description, c.amount_cents,
  {PATIENT_LEFT}, {INSURANCE_LEFT}, coalesce(c.reverses_id, 0),
  EXISTS (SELECT 1 FROM charge r WHERE r.reverses_id = c.id), c.by, c.posted_at,
  c.insurance_cents
FROM charge c WHERE c.patient_id = ?"""
_ADJUSTMENTS = """
SELECT j.id, j.business_day, j.charge_id, j.kind, j.reason, j.patient_cents, j.insurance_cents,
  coalesce(j.reverses_id, 0), EXISTS (SELECT 1 FROM adjustment r WHERE r.reverses_id = j.id),
  j.by, j.posted_at
FROM adjustment j JOIN charge c ON c.id = j.charge_id WHERE c.patient_id = ?"""
# A receipt of the family counts with this patient's part; ``others`` is what it paid for others.
_DOCUMENTS = """
WITH mine AS (SELECT id FROM payment WHERE patient_id = :who
  UNION SELECT payment_id FROM allocation WHERE patient_id = :who)
SELECT y.id, y.business_day, y.receipt, y.kind, y.total_cents
    - coalesce((SELECT sum(x.amount_cents) FROM allocation x WHERE x.payment_id = y.id
      AND coalesce(x.patient_id, y.patient_id) <> :who), 0),
  coalesce(o.receipt, b.receipt, ''),
  EXISTS (SELECT 1 FROM payment v WHERE v.voids_id = y.id), y.by, y.taken_at,
  y.patient_id <> :who, EXISTS (SELECT 1 FROM allocation x WHERE x.payment_id = y.id
    AND coalesce(x.patient_id, y.patient_id) <> :who), coalesce(l.code, '')
FROM mine JOIN payment y ON y.id = mine.id LEFT JOIN plan l ON l.id = y.plan_id
LEFT JOIN payment o ON o.id = y.voids_id LEFT JOIN payment b ON b.id = y.original_id"""


@dataclass(frozen=True)
class AccountRow:
    """A line of an account.

    ``what`` is charge, adjustment or document; ``cents`` what it adds to what is owed (below
    zero for money taken); ``left_cents`` is the patient's open part of a charge and
    ``plan_cents`` the plan's. ``gone`` means that it was taken back. ``served`` is a charge's
    day of service, ``plan_billed`` the part of ``cents`` that is the plan's.
    """

    what: str
    id: int
    day: date
    words: str
    cents: int
    by: str
    receipt: str = ""
    left_cents: int = 0
    plan_cents: int = 0
    gone: bool = False
    at: str = ""
    served: date = date.min
    plan_billed: int = 0

    @property
    def can_be_taken_back(self) -> bool:
        """Whether something may still be done with it."""
        return not self.gone


def beside(desk: Desk, patient_id: int) -> list[AccountRow]:
    """What stands beside the account: payment plans that run, and the family with what it owes.

    ``what`` is plan (with the plan's id) or family (with the patient's).
    """
    desk.require("view_money")
    access.require_patient(desk, patient_id)
    today = desk.today()
    rows = [
        AccountRow(
            "plan", plan.id, plan.first_on, f"plan {plan.words}", plan.amount_cents, "",
            left_cents=plan.due_cents,
        )
        for plan in instalments.running(desk, patient_id)
    ]  # fmt: skip
    return rows + [
        AccountRow(
            "family", member.patient_id, today,
            f"{'paid for by' if member.pays else 'family'} {member.name} #{member.mrn}", 0, "",
            left_cents=member.balance_cents,
        )
        for member in families.others(desk, patient_id)
    ]  # fmt: skip


def account(desk: Desk, patient_id: int) -> list[AccountRow]:
    """The whole account, the newest first. Raises NotAllowed."""
    desk.require("view_money")
    access.require_patient(desk, patient_id)
    found: list[AccountRow] = []
    for (charge_id, day, served, kind, code, words, cents, left, plan, reverses, gone, by,
         at, billed) in desk.rows(_CHARGES, patient_id):  # fmt: skip
        said = " ".join(filter(None, (word_of(CHARGE_KINDS, kind).partition(",")[0], code, words)))
        when = f"{served[5:7]}/{served[8:]}/{served[:4]}"
        found.append(
            AccountRow(
                "charge", charge_id, date.fromisoformat(day),
                f"{'taken back: ' if reverses else ''}{said} of {when}", cents, by,
                left_cents=0 if reverses or gone else left,
                plan_cents=0 if reverses or gone else plan,
                gone=bool(gone or reverses), at=at, served=date.fromisoformat(served),
                plan_billed=billed,
            )
        )  # fmt: skip
    for (row_id, day, charge_id, kind, reason, patient, insurance, reverses, gone, by,
         at) in desk.rows(_ADJUSTMENTS, patient_id):  # fmt: skip
        moved = "" if kind != "transfer" else f" {'to patient' if patient > 0 else 'to plan'}"
        found.append(
            AccountRow(
                "adjustment", row_id, date.fromisoformat(day),
                f"{'taken back: ' if reverses else ''}{word_of(ADJUSTMENT_KINDS, kind)}{moved},"
                f" {reason} (charge {charge_id})",
                patient + insurance, by, gone=bool(gone or reverses), at=at,
                plan_billed=insurance,
            )
        )  # fmt: skip
    for (row_id, day, receipt, kind, total, about, gone, by, at, another, several,
         plan) in desk.rows(_DOCUMENTS.replace(":who", "?1"), patient_id):  # fmt: skip
        words = word_of(PAYMENT_KINDS, kind) + (f" of {about}" if about else "")
        if plan:
            words = f"{plan} {words}"
        elif another:
            words += ", paid by the family"
        elif several:
            words += ", with the family's"
        found.append(
            AccountRow(
                "document", row_id, date.fromisoformat(day), words, -total, by, receipt=receipt,
                gone=bool(gone or kind == "void"), at=at,
            )
        )  # fmt: skip
    return sorted(found, key=lambda row: (row.at, row.what, row.id), reverse=True)
