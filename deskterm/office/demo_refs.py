"""The sample clinic's referrals and authorizations: one in each state that a clerk meets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from deskterm.office import authorizations, coverage, referrals
from deskterm.office.authorizations import AuthorizationEntry
from deskterm.office.demo_plot import Plot
from deskterm.office.desk import Desk
from deskterm.office.referrals import ReferralEntry

# service, codes, diagnosis, units asked, what became of it
_ASKED = (
    ("MRI L-spine", "72148", "M54.50", 1, "submitted"),
    ("PT", "97110", "M54.50", 12, "ending"),
    ("sleep study", "95810", "G47.33", 1, "pended"),
    ("CT chest", "71250", "R91.1", 1, "needed"),
    ("allergy shots", "95115", "J30.1", 10, "denied"),
)
# to whom, for what, how far it has come
_SENT = (
    ("Dr Bly, Cardiology", "cardiology consult", "sent"),
    ("Dr Ruiz, Gastro", "GI consult", "completed"),
    ("Dr Faber, Dermatology", "skin check", "ordered"),
)


def plan_refs(desk: Desk, plot: Plot, ids: Sequence[int], now: datetime) -> None:
    """Plan what was asked of payers and sent to others during the last weeks."""
    people = list(ids[-40:])
    today = desk.today
    plot.at(now - timedelta(days=9, minutes=30), "mlopez", lambda: _ask(desk, people, today()))
    plot.at(now - timedelta(days=8, minutes=45), "dchen", lambda: _send(desk, people))


def _ask(desk: Desk, people: list[int], today: date) -> None:
    covered = (who for who in people if _insured(desk, who, today))
    for (service, codes, dx, count, fate), who in zip(_ASKED, covered, strict=False):
        made = authorizations.request(
            desk, who,
            AuthorizationEntry(service=service, procedures=codes, diagnoses=dx, units_asked=count),
            key=f"demo-auth-{service}",
        ).id  # fmt: skip
        people.remove(who)
        if fate == "needed":
            continue
        authorizations.submit(desk, made, method="portal", reference=f"88{made:02}-33",
                              due_on=today + timedelta(7))  # fmt: skip
        if fate == "ending":
            authorizations.decide(
                desk, made, raw_code="A1", number=f"A-66{made:03}", number_of_units=count,
                effective_on=today - timedelta(40), expires_on=today + timedelta(20),
            )  # fmt: skip
            authorizations.use(desk, made, number_of_units=9, note="before the move to this desk")
        elif fate == "pended":
            authorizations.pend(desk, made, wants="notes of the last visit",
                                due_on=today + timedelta(11))  # fmt: skip
        elif fate == "denied":
            authorizations.decide(desk, made, raw_code="A3", reason="not necessary, says payer")


def _send(desk: Desk, people: list[int]) -> None:
    for (to, service, fate), who in zip(_SENT, people, strict=False):
        made = referrals.order(
            desk, who, ReferralEntry(to_name=to, service=service), key=f"demo-ref-{service}"
        ).id
        if fate != "ordered":
            referrals.send(desk, made, note="by fax")
        if fate == "completed":
            referrals.complete(desk, made)


def _insured(desk: Desk, patient_id: int, today: date) -> bool:
    rows = coverage.of_patient(desk, patient_id, today)
    return bool(rows) and rows[0].plan_code != "SELF"
