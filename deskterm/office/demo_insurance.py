"""The sample clinic's plans as a clerk knows them, and what payers said of the days ahead."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from deskterm.db.scheduling import VisitType
from deskterm.office import answers_by_hand, plans, verify_board
from deskterm.office.answers_by_hand import ByHand
from deskterm.office.desk import Desk

# visit type -> service types of an answer, preventive, what it usually costs
_VISITS = {
    "FU": ("98", False, "99213"), "NV": ("98", False, "99214"), "PE": ("BZ 81", True, ""),
    "NP": ("98", False, "99203"), "LAB": ("5", False, ""), "INJ": ("80", False, ""),
}  # fmt: skip
# plan -> what is known of it; invented payers' ids
_PLANS: dict[str, dict[str, Any]] = {
    "AETPPO": {"payer_id": "X0001", "lab": "any in network", "phone": "2175550161",
               "note": "Imaging needs an authorization"},
    "BCHMO": {"payer_id": "X0002", "lab": "Prairie Lab only", "phone": "2175550162",
              "auth_phone": "2175550163", "pcp_required": True, "referral_required": True},
    "UNITED": {"payer_id": "X0003", "lab": "any in network", "phone": "2175550164"},
    "MCR": {"payer_id": "X0004", "phone": "2175550165"},
    "MCD": {"payer_id": "X0005", "phone": "2175550166", "no_cost_share": True},
}  # fmt: skip
_DAYS = 5
_REASONS = ("portal down", "closed until 8", "on hold 20 minutes")


def know_plans(desk: Desk) -> None:
    """What the practice knows of its plans and visit types."""
    for code, values in _PLANS.items():
        plans.edit_plan(desk, code, **values)
    with desk.operation("clinic.settings") as op:
        for code, (services, preventive, usual) in _VISITS.items():
            found = desk.rows("SELECT id FROM visit_type WHERE code = ?", code)
            kind = op.get(VisitType, found[0][0])
            kind.services, kind.preventive, kind.usual_codes = services, preventive, usual
            op.save(kind)


def verify_ahead(desk: Desk, rng: Random) -> None:
    """Most of the next days is verified, the nearer the more; some is not as it should be."""
    today = desk.today()
    for row in verify_board.board(desk, today + timedelta(days=1), today + timedelta(days=_DAYS)):
        if row.coverage_id is None or row.state == "SELF":
            continue
        ahead = (row.start.date() - today).days
        luck = rng.random()
        if luck < 0.12 + 0.1 * ahead:
            continue
        on = row.start.date()
        if luck > 0.96:
            answers_by_hand.could_not_verify(desk, row.coverage_id, rng.choice(_REASONS), on=on)
            continue
        status = "inactive" if luck > 0.93 else "active"
        known = status == "active" and rng.random() < 0.8
        left = rng.choice((0, 12_000, 31_000, 85_000, 210_000)) if known else None
        ends = on - timedelta(days=1) if status == "active" and luck > 0.91 else None
        said = ByHand(
            status, ends_on=ends, copay_cents=rng.choice((2000, 2500, 3500)) if known else None,
            deductible_left_cents=left, coinsurance=2000 if known else None,
            reference=f"{rng.randint(100000, 999999)}",
        )  # fmt: skip
        answers_by_hand.by_hand(desk, row.coverage_id, said, on=on, method="portal")
