"""Who pays first: coordination of benefits, and Medicare as second payer. Pure rules, with words.

Order of rules for two plans (NAIC model, domain.md 2.4): a plan for the accident or injury;
Medicare's own rules; Medicaid last; a plan of one's own before a dependent's; for a child of
parents together the birthday rule (month and day), parents apart by decree, custody, custody's
spouse, the other parent, that one's spouse; who works before who is retired or has COBRA; the
plan that is longer in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

SELF, CHILD = "18", "19"
MEDICARE = ("MEDICARE", "MA")
MEDICAID = ("MEDICAID", "MCO")
CASE = ("WC", "AUTO")
_HOUSEHOLD = {"decree": 0, "custodial": 1, "custodial_spouse": 2, "other": 3, "other_spouse": 4}
_HOUSEHOLD_WORDS = {
    "decree": "a court says so", "custodial": "the parent with custody's",
    "custodial_spouse": "of the spouse of the parent with custody",
    "other": "the other parent's", "other_spouse": "of the other parent's spouse",
}  # fmt: skip
# Employees from which a group plan pays before Medicare.
WORKING_AGED, DISABLED = 20, 100
KIDNEY_MONTHS = 30
ENTITLED_AT = 65


@dataclass(frozen=True)
class Facts:
    """What the order depends on for one coverage."""

    id: int
    plan: str
    plan_type: str
    relationship: str
    subscriber_birth: date | None = None
    starts_on: date | None = None
    standing: str = ""
    household: str = ""


@dataclass(frozen=True)
class Asked:
    """The Medicare questionnaire's answers on a day; ``born`` is the patient's birth date."""

    works: bool = False
    disabled: bool = False
    employees: int = 0
    kidney_since: date | None = None
    accident: str = ""
    black_lung: bool = False
    veterans: bool = False


@dataclass(frozen=True)
class Place:
    """A coverage's place in the order and why it stands there; ``sure`` when the facts decide."""

    id: int
    plan: str
    place: int
    why: str
    sure: bool = True


@dataclass(frozen=True)
class Medicare:
    """Whether Medicare pays second: the reason's X12 insurance type (SBR05) and words."""

    second: bool
    code: str
    why: str


def medicare(asked: Asked, on: date, *, born: date | None = None) -> Medicare:
    """Whether another payer comes before Medicare on a day (42 CFR 411).

    ``born``: without the questionnaire's word, who is under 65 has Medicare for disability.
    """
    if asked.accident == "work":
        return Medicare(True, "15", "workers' compensation pays for the injury at work")
    if asked.accident == "auto":
        return Medicare(True, "14", "the auto insurer pays for the accident")
    if asked.accident == "liability":
        return Medicare(True, "47", "somebody else is liable")
    if asked.black_lung:
        return Medicare(True, "41", "the black lung program pays for that illness")
    if asked.veterans:
        return Medicare(True, "42", "the Department of Veterans Affairs pays for this visit")
    if asked.kidney_since is not None and asked.employees:
        months = (on.year - asked.kidney_since.year) * 12 + on.month - asked.kidney_since.month
        months -= on.day < asked.kidney_since.day
        if 0 <= months < KIDNEY_MONTHS:
            return Medicare(True, "13", f"kidney disease, first {KIDNEY_MONTHS} months")
        return Medicare(False, "", f"kidney disease, after {KIDNEY_MONTHS} months")
    young = born is not None and _age(born, on) < ENTITLED_AT
    if asked.disabled or young:
        if asked.works and asked.employees >= DISABLED:
            return Medicare(True, "43", f"disabled, and an employer with {DISABLED} or more")
        if asked.works:
            return Medicare(False, "", f"disabled, employer with fewer than {DISABLED}")
        return Medicare(False, "", "nobody works with a group plan")
    if asked.works and asked.employees >= WORKING_AGED:
        return Medicare(True, "12", f"works, and an employer with {WORKING_AGED} or more")
    if asked.works:
        return Medicare(False, "", f"works, employer with fewer than {WORKING_AGED}")
    return Medicare(False, "", "nobody works with a group plan")


def order(
    coverages: Sequence[Facts], on: date, *, asked: Asked | None = None, born: date | None = None
) -> list[Place]:
    """The coverages in the order in which they are billed, with the reason for each place.

    ``asked`` is None when the Medicare questionnaire was not answered: then the place of Medicare
    beside a group plan is not sure.
    """
    second = medicare(asked, on, born=born) if asked is not None else None
    keyed = sorted(coverages, key=lambda c: _key(c, second))
    places = []
    for number, facts in enumerate(keyed, start=1):
        why, sure = _why(facts, keyed, second)
        places.append(Place(facts.id, facts.plan, number, why, sure))
    return places


def _key(facts: Facts, second: Medicare | None) -> tuple[object, ...]:
    """What sorts a coverage: case policies, then group plans and Medicare, Medicaid last."""
    kind = facts.plan_type
    if kind in CASE:
        group = 0
    elif kind in MEDICAID:
        group = 9
    elif kind in MEDICARE:
        group = 4 if second is not None and second.second else 2
    elif kind in ("SELF", "CHARITY"):
        group = 10
    else:
        group = 3
    own = facts.relationship != SELF
    child = _HOUSEHOLD.get(facts.household, 0)
    born = facts.subscriber_birth
    birthday = (born.month, born.day) if _by_birthday(facts) and born else (0, 0)
    former = facts.standing in ("retired", "cobra")
    since = facts.starts_on or date.max
    return (group, own, child, birthday, former, since, facts.id)


def _by_birthday(facts: Facts) -> bool:
    return facts.relationship == CHILD and facts.household in ("", "together")


def _why(facts: Facts, all_: Sequence[Facts], second: Medicare | None) -> tuple[str, bool]:
    """Why a coverage stands where it does, against the others; and whether that is sure."""
    others = [other for other in all_ if other is not facts]
    if not others:
        return "the only one", True
    kind = facts.plan_type
    if kind in CASE:
        return "pays for the accident or injury before any other", True
    if kind in MEDICAID:
        return "Medicaid pays last", True
    if kind in MEDICARE:
        if second is None:
            return "Medicare: ask the questionnaire, it may be second", False
        if second.second:
            return f"Medicare pays second: {second.why}", True
        return f"Medicare pays first: {second.why}", True
    beside = [o for o in others if o.plan_type not in (*CASE, *MEDICAID, "SELF", "CHARITY")]
    if any(o.plan_type in MEDICARE for o in beside):
        if second is None:
            return "beside Medicare: ask the questionnaire", False
        return ("before" if second.second else "after") + f" Medicare: {second.why}", True
    if not beside:
        return "before Medicaid" if any(o.plan_type in MEDICAID for o in others) else "first", True
    if facts.relationship == SELF and any(o.relationship != SELF for o in beside):
        return "one's own plan before one as a dependent", True
    if facts.relationship != SELF and any(o.relationship == SELF for o in beside):
        return "as a dependent, after one's own plan", True
    if facts.household in _HOUSEHOLD_WORDS:
        return _HOUSEHOLD_WORDS[facts.household], True
    if facts.relationship == CHILD:
        return _birthday(facts, beside)
    if {facts.standing, *(o.standing for o in beside)} & {"retired", "cobra"}:
        if facts.standing in ("retired", "cobra"):
            return "of a former job, after one of a job", bool(facts.standing)
        return "of a job, before one of a former job", bool(facts.standing)
    return _longer(facts, beside)


def _birthday(facts: Facts, beside: Sequence[Facts]) -> tuple[str, bool]:
    born = [other.subscriber_birth for other in (facts, *beside)]
    if any(day is None for day in born):
        return "birthday rule: a parent's birth date is missing", False
    sure = facts.household == "together"
    days = [(day.month, day.day) for day in born if day is not None]
    if len(set(days)) == 1:
        return _longer(facts, beside)
    shown = f"{days[0][0]:02}/{days[0][1]:02}"
    words = "the earlier birthday of the year" if days[0] == min(days) else "the later birthday"
    return f"birthday rule: {shown}, {words}", sure


def _longer(facts: Facts, beside: Sequence[Facts]) -> tuple[str, bool]:
    since = [other.starts_on for other in (facts, *beside)]
    if any(day is None for day in since) or len(set(since)) == 1:
        return "nothing decides: ask which pays first", False
    longest = facts.starts_on == min(day for day in since if day is not None)
    return ("longer in force" if longest else "in force since later"), True


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
