"""Reports on money, each a table: day sheet, tenders, clerks, ageing, copays, deposits ... Cents.

Every figure is summed from the rows it reports on; nothing is joined away: a prepayment without
a charge, a void and a split tender are all in.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from deskterm.clock import local, parse_utc_text
from deskterm.db.fields import word_of
from deskterm.db.payments import ADJUSTMENT_KINDS, PAYMENT_KINDS, PURPOSES, TENDER_KINDS
from deskterm.entry.times import show_time
from deskterm.errors import NotFound
from deskterm.office import ledger
from deskterm.office.business_day import place
from deskterm.office.desk import Desk
from deskterm.office.tables import Column, Table

_DOCUMENTS = """
SELECT y.id, y.taken_at, l.zone, y.receipt, p.last_name, p.first_name, p.mrn, y.by, y.drawer,
  y.kind, y.total_cents, coalesce(o.receipt, b.receipt, ''), coalesce(f.code, '')
FROM payment y LEFT JOIN plan f ON f.id = y.plan_id JOIN patient p ON p.id = y.patient_id
JOIN location l ON l.id = y.location_id
LEFT JOIN payment o ON o.id = y.voids_id LEFT JOIN payment b ON b.id = y.original_id
WHERE y.business_day BETWEEN ? AND ? AND ({0}) ORDER BY y.location_id, y.business_day, y.sequence"""
_TENDERS = """
SELECT t.payment_id, t.kind, t.card_brand, t.card_last4, t.reference, t.amount_cents
FROM payment y JOIN tender t ON t.payment_id = y.id
WHERE y.business_day BETWEEN ? AND ? AND ({0}) ORDER BY t.id"""
_PURPOSES = """
SELECT x.payment_id, x.purpose, coalesce(c.service_day, '')
FROM payment y JOIN allocation x ON x.payment_id = y.id LEFT JOIN charge c ON c.id = x.charge_id
WHERE y.business_day BETWEEN ? AND ? AND ({0}) ORDER BY x.id"""
_BY_TENDER = """
SELECT t.kind, t.card_brand, count(DISTINCT y.id),
  sum(CASE WHEN y.kind = 'payment' THEN t.amount_cents ELSE 0 END),
  sum(CASE WHEN y.kind = 'void' THEN t.amount_cents ELSE 0 END),
  sum(CASE WHEN y.kind IN ('refund', 'returned') THEN t.amount_cents ELSE 0 END),
  sum(CASE WHEN y.kind = 'correction' THEN t.amount_cents ELSE 0 END),
  sum(CASE WHEN y.plan_id IS NULL THEN t.amount_cents ELSE 0 END),
  sum(CASE WHEN y.plan_id IS NULL THEN 0 ELSE t.amount_cents END), sum(t.amount_cents)
FROM payment y JOIN tender t ON t.payment_id = y.id
WHERE y.business_day BETWEEN ? AND ? AND ({0}) GROUP BY t.kind, t.card_brand
ORDER BY t.kind, t.card_brand"""
_BY_CLERK = """
SELECT y.by, sum(y.kind = 'payment'), sum(y.kind = 'void'), sum(y.kind = 'refund'),
  sum(CASE WHEN y.kind = 'payment' THEN y.total_cents ELSE 0 END),
  sum(CASE WHEN y.plan_id IS NULL THEN y.total_cents ELSE 0 END),
  sum(CASE WHEN y.plan_id IS NULL THEN 0 ELSE y.total_cents END), sum(y.total_cents)
FROM payment y WHERE y.business_day BETWEEN ? AND ? AND ({0}) GROUP BY y.by ORDER BY y.by"""
_BY_PROVIDER = """
SELECT coalesce(pr.code, '(no visit)'),
  sum(CASE WHEN y.plan_id IS NULL THEN x.amount_cents ELSE 0 END),
  sum(CASE WHEN y.plan_id IS NULL THEN 0 ELSE x.amount_cents END)
FROM payment y JOIN allocation x ON x.payment_id = y.id
LEFT JOIN charge c ON c.id = x.charge_id LEFT JOIN appointment a ON a.id = c.appointment_id
LEFT JOIN provider pr ON pr.id = coalesce(c.provider_id, a.provider_id)
WHERE y.business_day BETWEEN ? AND ? AND ({0}) GROUP BY 1 ORDER BY 1"""
_CHARGED_BY_PROVIDER = """
SELECT coalesce(pr.code, '(no visit)'), sum(c.amount_cents)
FROM charge c LEFT JOIN appointment a ON a.id = c.appointment_id
LEFT JOIN provider pr ON pr.id = coalesce(c.provider_id, a.provider_id)
WHERE c.business_day BETWEEN ? AND ? GROUP BY 1"""
_AGEING = f"""
SELECT p.id, p.last_name, p.first_name, p.mrn, c.service_day, {ledger.PATIENT_LEFT} AS left_cents
FROM charge c JOIN patient p ON p.id = c.patient_id
WHERE c.reverses_id IS NULL AND left_cents > 0"""
_COPAY_RATE = """
SELECT a.day, count(*), sum(c.amount_cents), sum(coalesce((SELECT sum(x.amount_cents)
    FROM allocation x JOIN payment y ON y.id = x.payment_id
    WHERE x.charge_id = c.id AND y.business_day = a.day), 0)),
  sum(EXISTS (SELECT 1 FROM not_collected n WHERE n.appointment_id = a.id))
FROM charge c JOIN appointment a ON a.id = c.appointment_id
WHERE c.kind = 'copay' AND c.reverses_id IS NULL AND a.day BETWEEN ? AND ?
  AND NOT EXISTS (SELECT 1 FROM charge r WHERE r.reverses_id = c.id)
GROUP BY a.day ORDER BY a.day"""
_ADJUSTED = """
SELECT j.business_day, j.by, j.kind, j.reason, p.last_name, p.first_name, p.mrn,
  j.patient_cents, j.insurance_cents
FROM adjustment j JOIN charge c ON c.id = j.charge_id JOIN patient p ON p.id = c.patient_id
WHERE j.business_day BETWEEN ? AND ? AND j.kind <> 'copay' ORDER BY j.id"""
_VOIDED = """
SELECT y.business_day, y.by, y.kind, y.receipt, coalesce(o.receipt, b.receipt, ''),
  coalesce(o.by, b.by, ''), y.void_reason, y.total_cents
FROM payment y LEFT JOIN payment o ON o.id = y.voids_id LEFT JOIN payment b ON b.id = y.original_id
WHERE y.kind NOT IN ('payment', 'credit') AND y.business_day BETWEEN ? AND ? ORDER BY y.id"""
_DEPOSITS = """
SELECT d.number, d.business_day, l.code, d.cash_cents, d.check_cents, d.money_order_cents,
  d.total_cents, d.bag, d.by, d.second
FROM deposit d JOIN location l ON l.id = d.location_id
WHERE d.business_day BETWEEN ? AND ? ORDER BY d.location_id, d.number"""
_BUCKETS = (30, 60, 90, 120)


def _whole(name: str) -> Column:
    """A column of numbers and names that are of no use in part."""
    return Column(name, whole=True)


def day_sheet(desk: Desk, first: date, last: date, location: str | None = None) -> Table:
    """Every document of money with its tenders; one line per tender."""
    desk.require("view_money")
    where, params = _where(desk, first, last, location)
    tenders: dict[int, list[tuple[str, int]]] = {}
    for payment_id, kind, brand, last4, reference, cents in desk.rows(
        _TENDERS.replace("{0}", where), *params
    ):
        words = " ".join(
            [word_of(TENDER_KINDS, kind), *filter(None, (brand, reference)),
             *([f"..{last4}"] if last4 else [])]
        )  # fmt: skip
        tenders.setdefault(payment_id, []).append((words, cents))
    purposes: dict[int, list[str]] = {}
    for payment_id, purpose, service_day in desk.rows(_PURPOSES.replace("{0}", where), *params):
        words = word_of(PURPOSES, purpose).partition(",")[0]
        dated = f"{words} {service_day[5:7]}/{service_day[8:]}" if service_day else words
        found = purposes.setdefault(payment_id, [])
        if dated not in found:
            found.append(dated)
    rows: list[tuple[Any, ...]] = []
    for (payment_id, at, zone, receipt, last_name, first_name, mrn, by, drawer, kind, total,
         about, plan) in desk.rows(_DOCUMENTS.replace("{0}", where), *params):  # fmt: skip
        what = ", ".join(purposes.get(payment_id, []))
        if kind != "payment":
            what = f"{word_of(PAYMENT_KINDS, kind)} {about}".strip()
        who = f"{last_name} {first_name[:1]}".upper()
        time = show_time(local(parse_utc_text(at), zone).time())
        if plan:
            what = f"{plan}: {what}"
        for words, cents in tenders.get(payment_id, [("-", total)]):
            split = (0, cents) if plan else (cents, 0)
            rows.append((time, receipt, who, f"#{mrn}", by, drawer, what, words, *split))
    return Table(
        "sheet", f"Day sheet {_span(first, last)}",
        (_whole("Time"), _whole("Receipt"), Column("Patient"), _whole("MRN"), Column("By"),
         Column("Drawer"), Column("For"), Column("Tender"), Column("Amount", "cents"),
         Column("From plans", "cents")),
        tuple(rows), ("total", "", "", "", "", "", "", "", *(sum(row[at] for row in rows)
                                                              for at in (-2, -1))),
    )  # fmt: skip


def by_tender(desk: Desk, first: date, last: date, location: str | None = None) -> Table:
    """What came in and went back, by way of paying."""
    desk.require("view_money")
    where, params = _where(desk, first, last, location)
    rows = tuple(
        (f"{word_of(TENDER_KINDS, kind)} {brand}".strip(), *figures)
        for kind, brand, *figures in desk.rows(_BY_TENDER.replace("{0}", where), *params)
    )
    columns = ("Taken", "Voided", "Refunded", "Corrected", "Patients", "From plans", "Net")
    return Table(
        "tender", f"By tender {_span(first, last)}",
        (Column("Tender"), Column("Receipts", "count"), *(Column(c, "cents") for c in columns)),
        rows, _summed("total", rows), chart="Net",
    )  # fmt: skip


def by_clerk(desk: Desk, first: date, last: date, location: str | None = None) -> Table:
    """What each person took, voided and gave back."""
    desk.require("view_money")
    where, params = _where(desk, first, last, location)
    rows = tuple(desk.rows(_BY_CLERK.replace("{0}", where), *params))
    return Table(
        "clerk", f"By clerk {_span(first, last)}",
        (Column("Clerk"), Column("Receipts", "count"), Column("Voids", "count"),
         Column("Refunds", "count"), Column("Taken", "cents"), Column("Patients", "cents"),
         Column("From plans", "cents"), Column("Net", "cents")),
        rows, _summed("total", rows), chart="Net",
    )  # fmt: skip


def by_provider(desk: Desk, first: date, last: date, location: str | None = None) -> Table:
    """What was charged and what was paid, by the visit's provider."""
    desk.require("view_money")
    where, params = _where(desk, first, last, location)
    charged = dict(desk.rows(_CHARGED_BY_PROVIDER, first.isoformat(), last.isoformat()))
    paid = {code: sums for code, *sums in desk.rows(_BY_PROVIDER.replace("{0}", where), *params)}
    rows = tuple(
        (code, charged.get(code, 0), *paid.get(code, (0, 0))) for code in sorted({*charged, *paid})
    )
    return Table(
        "provider", f"By provider {_span(first, last)}",
        (Column("Provider"), Column("Charged", "cents"), Column("Paid", "cents"),
         Column("Plans paid", "cents")),
        rows, _summed("total", rows), chart="Paid",
    )  # fmt: skip


def ageing(desk: Desk, first: date, last: date, location: str | None = None) -> Table:
    """What patients owe by the age of the service on the last day; the plan's part is not in."""
    desk.require("view_money")
    owed: dict[int, list[Any]] = {}
    for patient_id, last_name, first_name, mrn, service_day, left in desk.rows(_AGEING):
        row = owed.setdefault(
            patient_id, [f"{last_name}, {first_name}".upper(), f"#{mrn}", 0, 0, 0, 0, 0]
        )
        age = (last - date.fromisoformat(service_day)).days
        row[2 + sum(age > bucket for bucket in _BUCKETS)] += left
    rows = tuple(
        (*row, sum(row[2:])) for row in sorted(owed.values(), key=lambda row: (-sum(row[2:]), row))
    )
    names = ("0-30", "31-60", "61-90", "91-120", "Over 120", "Owed")
    return Table(
        "ageing", f"Patients' balances by age on {last:%m/%d/%Y}",
        (Column("Patient"), _whole("MRN"), *(Column(name, "cents") for name in names)),
        rows, _summed("total", rows, text=2),
    )  # fmt: skip


def copays(desk: Desk, first: date, last: date, location: str | None = None) -> Table:
    """How much of the copays due was collected on the day of the visit."""
    desk.require("view_money")
    found = desk.rows(_COPAY_RATE, first.isoformat(), last.isoformat())
    rows = tuple(
        (day, visits, due, taken, 100 * taken / due if due else None, reasons)
        for day, visits, due, taken, reasons in found
    )
    due, taken = (sum(row[at] for row in found) for at in (2, 3))
    totals = (
        "total", sum(row[1] for row in found), due, taken,
        100 * taken / due if due else None, sum(row[4] for row in found),
    )  # fmt: skip
    return Table(
        "copays", f"Copays collected {_span(first, last)}",
        (Column("Day"), Column("Visits", "count"), Column("Due", "cents"),
         Column("Taken", "cents"), Column("Rate", "percent"), Column("With reason", "count")),
        rows, totals, chart="Rate",
    )  # fmt: skip


def adjustments(desk: Desk, first: date, last: date, location: str | None = None) -> Table:
    """Write-offs and other adjustments, by person."""
    desk.require("view_money")
    rows = tuple(
        (day, by, word_of(ADJUSTMENT_KINDS, kind), reason, f"{last_name} {first_name[:1]}".upper(),
         f"#{mrn}", patient, insurance)
        for day, by, kind, reason, last_name, first_name, mrn, patient, insurance in desk.rows(
            _ADJUSTED, first.isoformat(), last.isoformat()
        )
    )  # fmt: skip
    return Table(
        "adjustments", f"Adjustments {_span(first, last)}",
        (Column("Day", "date"), Column("By"), Column("Kind"), Column("Reason"), Column("Patient"),
         _whole("MRN"), Column("Patient part", "cents"), Column("Plan part", "cents")),
        rows, _summed("", rows, text=6),
    )  # fmt: skip


def voids(desk: Desk, first: date, last: date, location: str | None = None) -> Table:
    """Voids, refunds, corrections and returned checks, by person, with what they are about."""
    desk.require("view_money")
    rows = tuple(
        (day, by, word_of(PAYMENT_KINDS, kind), receipt, about, taken_by, reason, cents)
        for day, by, kind, receipt, about, taken_by, reason, cents in desk.rows(
            _VOIDED, first.isoformat(), last.isoformat()
        )
    )
    return Table(
        "voids", f"Voids and refunds {_span(first, last)}",
        (Column("Day", "date"), Column("By"), Column("Kind"), _whole("Receipt"), _whole("About"),
         Column("Taken by"), Column("Reason"), Column("Amount", "cents")),
        rows, _summed("", rows, text=7),
    )  # fmt: skip


def deposits(desk: Desk, first: date, last: date, location: str | None = None) -> Table:
    """What went to the bank."""
    desk.require("view_money")
    rows = tuple(desk.rows(_DEPOSITS, first.isoformat(), last.isoformat()))
    sums = tuple(sum(row[at] for row in rows) for at in (3, 4, 5, 6))
    return Table(
        "deposits", f"Deposits {_span(first, last)}",
        (Column("No", "count"), Column("Day", "date"), Column("Place"), Column("Cash", "cents"),
         Column("Checks", "cents"), Column("M.o.", "cents"), Column("Total", "cents"),
         _whole("Bag"), Column("By"), Column("Second")),
        rows, (None, "", "total", *sums, "", "", ""),
    )  # fmt: skip


def month_end(desk: Desk, first: date, last: date, location: str | None = None) -> Table:
    """Accounts receivable rolled forward day by day over the months of the period."""
    desk.require("view_money")
    start = first.replace(day=1)
    end = last.replace(day=calendar.monthrange(last.year, last.month)[1])
    whole = ledger.receivables(desk, start, end)
    rows = [
        (moved.day.isoformat(), moved.opening_cents, moved.charges_cents, moved.payments_cents,
         moved.refunds_cents, moved.adjustments_cents, moved.closing_cents)
        for moved in ledger.day_by_day(desk, whole, start, end)
    ]  # fmt: skip
    names = ("Opening", "Charges", "Payments", "Refunds", "Adjustments", "Closing")
    return Table(
        "month", f"Receivables {_span(start, end)}",
        (Column("Day"), *(Column(name, "cents") for name in names)),
        tuple(rows),
        ("month", whole.opening_cents, whole.charges_cents, whole.payments_cents,
         whole.refunds_cents, whole.adjustments_cents, whole.closing_cents),
        chart="Payments",
    )  # fmt: skip


Report = Callable[[Desk, date, date, str | None], Table]
REPORTS: dict[str, tuple[str, Report]] = {
    "sheet": ("day sheet", day_sheet),
    "tender": ("by tender", by_tender),
    "clerk": ("by clerk", by_clerk),
    "provider": ("by provider", by_provider),
    "ageing": ("balances by age", ageing),
    "copays": ("copays collected", copays),
    "adjustments": ("adjustments by person", adjustments),
    "voids": ("voids and refunds by person", voids),
    "deposits": ("deposits", deposits),
    "month": ("month end", month_end),
}


def report(desk: Desk, name: str, first: date, last: date, *, location: str | None = None) -> Table:
    """A report by name over business days. Raises NotFound, NotAllowed."""
    if name not in REPORTS:
        raise NotFound(f"No report {name[:20]}", f"One of {', '.join(REPORTS)}")
    return REPORTS[name][1](desk, first, last, location)


def _where(desk: Desk, first: date, last: date, location: str | None) -> tuple[str, list[Any]]:
    params: list[Any] = [first.isoformat(), last.isoformat()]
    if location is None:
        return "1", params
    return "y.location_id = ?", [*params, place(desk, location).id]


def _summed(word: str, rows: Sequence[tuple[Any, ...]], text: int = 1) -> tuple[Any, ...] | None:
    if not rows:
        return None
    return (
        word, *("" for _ in range(text - 1)),
        *(sum(row[at] for row in rows) for at in range(text, len(rows[0]))),
    )  # fmt: skip


def _span(first: date, last: date) -> str:
    return f"{first:%m/%d/%Y}" if first == last else f"{first:%m/%d/%Y} to {last:%m/%d/%Y}"
