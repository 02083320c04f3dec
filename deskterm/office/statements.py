"""Statements to patients: what was done, paid and adjusted, what is owed, and how old it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from deskterm.clock import local, parse_utc_text
from deskterm.entry.money import show_cents
from deskterm.errors import Conflict, NotFound
from deskterm.exchange import paper
from deskterm.office import access, accounts, instalments, ledger
from deskterm.office.desk import Desk

_AGES = ((30, "0-30 days"), (60, "31-60"), (90, "61-90"), (120, "91-120"))
_OVER = "over 120"
_OWING = f"""
SELECT c.patient_id, sum({ledger.PATIENT_LEFT}) AS left_cents FROM charge c
WHERE c.reverses_id IS NULL GROUP BY c.patient_id HAVING left_cents > 0 ORDER BY c.patient_id"""
_WHO = """
SELECT p.mrn, p.last_name, p.first_name, p.middle_name, p.suffix, p.email,
  coalesce(a.line1, ''), coalesce(a.line2, ''), coalesce(a.city, ''), coalesce(a.state, ''),
  coalesce(a.postal_code, '')
FROM patient p LEFT JOIN patient_address a ON a.patient_id = p.id AND a.ended_on IS NULL
WHERE p.id = ?
ORDER BY CASE a.kind WHEN 'confidential' THEN 0 WHEN 'mailing' THEN 1 ELSE 2 END, a.id DESC
LIMIT 1"""
_PLACE = "SELECT name, address, phone FROM location WHERE active = 1 ORDER BY id LIMIT 1"


@dataclass(frozen=True)
class Statement:
    """A statement, ready to be printed. Cents where amounts are numbers."""

    patient_id: int
    mrn: str
    owed_cents: int
    held_cents: int
    ageing: tuple[tuple[str, int], ...]
    data: dict[str, Any]

    @property
    def due_cents(self) -> int:
        """What is asked for: owed less what is held."""
        return max(self.owed_cents - self.held_cents, 0)


def statement(desk: Desk, patient_id: int) -> Statement:
    """The statement of one patient as of today. Raises NotFound, NotAllowed.

    It goes to the confidential address where there is one (45 CFR 164.522(b)), and holds no
    diagnosis.
    """
    desk.require("view_money")
    access.require_patient(desk, patient_id)
    found = desk.rows(_WHO, patient_id)
    if not found:
        raise NotFound("No such patient", "Look them up again")
    (mrn, last, first, middle, suffix, _, line1, line2, city, state, postal) = found[0]
    today = desk.today()
    rows = [row for row in reversed(accounts.account(desk, patient_id)) if not row.gone]
    ages = _aged(rows, today)
    owed, held = ledger.sum_of(desk, patient_id), ledger.credit_of(desk, patient_id)
    owed += held
    due = max(owed - held, 0)
    plans = instalments.running(desk, patient_id)
    later = min(sum(plan.later_cents for plan in plans), due)
    place = desk.rows(_PLACE)
    name, address, phone = place[0] if place else ("", "", "")
    data = {
        "title": f"Statement {mrn}",
        "clinic": desk.settings.clinic,
        "clinic_lines": [
            x for x in (name, *address.split("\n"), phone) if x and x != desk.settings.clinic
        ],
        "heading": "STATEMENT",
        "date": f"{today:%B} {today.day}, {today.year}",
        "account": mrn,
        "address": [x for x in (
            " ".join(filter(None, (first, middle, last, suffix))), line1, line2,
            f"{city}, {state} {postal}".strip(" ,"),
        ) if x],
        # A charge that was all the plan's is shown once a part of it became the patient's.
        "lines": [
            _line(desk, row) for row in rows if row.cents != row.plan_billed or row.left_cents
        ],
        "totals": [["Your balance", show_cents(owed)]]
        + ([["We hold for you", show_cents(held)]] if held else [])
        + ([["On your payment plan, later", show_cents(-later)]] if later else [])
        + [["Please pay", show_cents(due - later)]],
        "ageing": [[word, show_cents(cents)] for word, cents in ages],
        "notes": [
            *(f"Your payment plan: {plan.words}." for plan in plans),
            "Questions about this statement? Please call us"
            + (f" at {phone}." if phone else "."),
        ],
    }  # fmt: skip
    return Statement(patient_id, mrn, owed, held, ages, data)


def owing(desk: Desk, *, at_least_cents: int = 1) -> Iterator[Statement]:
    """The statements of everybody who owes at least so much."""
    desk.require("view_money")
    owed = [patient_id for patient_id, _ in desk.rows(_OWING)]
    closed = access.hidden(desk, owed)
    for patient_id in owed:
        if patient_id in closed:
            continue  # whoever may open the record sends that one
        made = statement(desk, patient_id)
        if made.due_cents >= at_least_cents:
            yield made


def pdf(desk: Desk, made: Statement) -> bytes:
    """The statement on paper. Raises Conflict when nothing is owed, Unreachable."""
    if not made.due_cents:
        raise Conflict("Nothing is owed; no statement is sent", "", rule="nothing_due")
    return paper.render("statement", made.data, folder=desk.settings.templates)


def _aged(rows: list[accounts.AccountRow], today: date) -> tuple[tuple[str, int], ...]:
    sums = {word: 0 for _, word in _AGES} | {_OVER: 0}
    for row in rows:
        if row.what == "charge" and row.left_cents > 0:
            age = (today - row.served).days
            word = next((word for limit, word in _AGES if age <= limit), _OVER)
            sums[word] += row.left_cents
    return tuple(sums.items())


def _line(desk: Desk, row: accounts.AccountRow) -> list[str]:
    at = local(parse_utc_text(row.at), desk.zone)
    day = row.served if row.what == "charge" else at.date()
    # The day stands in a column of its own.
    words = f"{row.words.removesuffix(f' of {day:%m/%d/%Y}')} {row.receipt}".rstrip()
    return [f"{day:%m/%d/%Y}", words, show_cents(row.cents - row.plan_billed),
            show_cents(row.left_cents) if row.left_cents else ""]  # fmt: skip
