"""Choosing, among the lines of an answer, the one that counts for a visit.

Nothing is added up. A figure is chosen by network, service, coverage level, period and, where
the payer writes it into a message, the kind of doctor. When two lines remain that say different
amounts, nobody knows, and both are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from deskterm.clock import local, parse_utc_text
from deskterm.entry.money import show_cents
from deskterm.exchange.x12 import code_words
from deskterm.exchange.x12.eligibility_answer import UNLIMITED_CENTS
from deskterm.office import access
from deskterm.office.desk import Desk

WHOLE_PLAN = "30"
_BASE_PERIODS = ("", "22", "23", "25")
_YEAR_TO_DATE = "24"
_VISIT_PERIODS = ("", "27", "26", "7")
# Words of a message that say for which network or kind of doctor a line is; recall first.
_OUT = (
    "OUT OF NETWORK",
    "OUT-OF-NETWORK",
    "NON-NETWORK",
    "NON NETWORK",
    "NON-PAR",
    "NONPAR",
    "OON",
)
_IN = ("IN NETWORK", "IN-NETWORK", "INNETWORK", "PARTICIPATING", "PREFERRED")
TIERS = {
    "specialist": ("SPECIALIST", "SPEC ", "SPECIALTY"),
    "pcp": ("PCP", "PRIMARY CARE", "PRIMARY PHYSICIAN", "GENERAL PRACT"),
    "urgent": ("URGENT",),
    "telehealth": ("TELEHEALTH", "TELEMED", "VIRTUAL"),
}
_AFTER_DEDUCTIBLE = ("AFTER DEDUCTIBLE", "DEDUCTIBLE APPLIES", "SUBJECT TO DEDUCTIBLE")
_WITHOUT_DEDUCTIBLE = (
    "DEDUCTIBLE WAIVED", "DEDUCTIBLE DOES NOT APPLY", "DEDUCTIBLE NOT APPLY", "NO DEDUCTIBLE",
    "NOT SUBJECT TO DEDUCTIBLE", "DEDUCTIBLE DOESN'T APPLY",
)  # fmt: skip
# The columns of a benefit row, less whose answer it is of.
COLUMNS = (
    "line", "position", "code", "level", "services", "insurance", "plan", "period",
    "amount_cents", "share", "quantity_kind", "quantity", "authorization", "network", "procedure",
    "messages", "dates", "parties", "raw",
)  # fmt: skip
_USED = tuple(name for name in COLUMNS if name not in ("procedure", "parties", "raw"))
# Service types of an ordinary office visit, the most fitting first.
USUAL_SERVICES = ("98", "96", "A0", "1")
# Words of a specialty whose visits are a primary care physician's; any other is a specialist's.
_PRIMARY = ("family", "internal", "general", "pediatric", "primary")
_LINES = f"""
SELECT id, {", ".join(f'"{name}"' for name in _USED)}
FROM benefit WHERE answer_id = ? ORDER BY line"""
_ANSWER = """
SELECT a.id, a.payer, a.plan, a.received_at, a.method, a.trace, a.source, a.representative,
  a.reference, a.status, a.service_day, a.ends_on, a.note, a.differs, a.coverage_id
FROM eligibility_answer a"""
_NEWEST = _ANSWER + " WHERE a.coverage_id = ? ORDER BY a.received_at DESC, a.id DESC LIMIT 1"
_WITH_BENEFITS = (
    _ANSWER + " WHERE a.coverage_id = ? AND a.has_benefits = 1 AND a.status <> 'unable'"
    " ORDER BY a.received_at DESC, a.id DESC LIMIT 1"
)
_REJECTIONS = "SELECT code, level, what, do FROM eligibility_rejection WHERE answer_id = ?"


@dataclass(frozen=True, slots=True)
class Line:
    """One benefit line on file. ``share`` is hundredths of a percent."""

    id: int
    line: int
    position: int
    code: str
    level: str
    services: tuple[str, ...]
    insurance: str
    plan: str
    period: str
    amount_cents: int | None
    share: int | None
    quantity_kind: str
    quantity: str
    authorization: str
    network: str
    messages: str
    dates: str

    @property
    def loud(self) -> str:
        """The messages in capitals, for looking words up."""
        return self.messages.upper()

    @property
    def side(self) -> str:
        """``in``, ``out`` or ``both``, by the network indicator, else by the message."""
        if self.network in ("Y", "N"):
            return "in" if self.network == "Y" else "out"
        if self.network != "W":
            if any(word in self.loud for word in _OUT):
                return "out"
            if any(word in self.loud for word in _IN):
                return "in"
        return "both"

    @property
    def tier(self) -> str:
        """The kind of doctor that the message speaks of, empty for any."""
        return next((t for t, words in TIERS.items() if any(w in self.loud for w in words)), "")

    @property
    def words(self) -> str:
        """The line as a sentence for a clerk."""
        parts = [code_words.word(code_words.BENEFITS, self.code)]
        if self.services:
            named = [code_words.word(code_words.SERVICES, s) for s in self.services]
            more = f" and {len(named) - 4} more" if len(named) > 4 else ""
            parts.append(", ".join(named[:4]) + more)
        if self.level:
            parts.append(f"for {code_words.word(code_words.LEVELS, self.level)}")
        if self.amount_cents is not None:
            unlimited = self.amount_cents in UNLIMITED_CENTS
            parts.append("no limit" if unlimited else show_cents(self.amount_cents))
        if self.share is not None:
            parts.append(f"{self.share / 100:g} %")
        if self.quantity:
            kind = code_words.word(code_words.QUANTITIES, self.quantity_kind)
            parts.append(f"{self.quantity} {kind}".strip())
        if self.period:
            over = code_words.word(code_words.PERIODS, self.period)
            parts.append(over if self.period in ("24", "29") else f"per {over}")
        if self.network:
            parts.append(code_words.word(code_words.NETWORK, self.network))
        if self.authorization == "Y":
            parts.append("AUTHORIZATION NEEDED")
        if self.plan:
            parts.append(self.plan)
        if self.messages:
            parts.append(self.messages.replace("\n", "; "))
        return "  ".join(parts)


def _read(values: tuple[Any, ...]) -> Line:
    number, line, position, code, level, services, *rest = values
    return Line(number, line, position, code, level, tuple(services.split()), *rest)


def line_of(line_id: int, values: Sequence[Any]) -> Line:
    """A benefit row, in the order of :data:`COLUMNS`, as a line."""
    row = dict(zip(COLUMNS, values, strict=True))
    return _read((line_id, *(row[name] for name in _USED)))


def tier_of(specialty: str) -> str:
    """``pcp`` or ``specialist`` by a provider's specialty; empty when it is not written."""
    if not specialty.strip():
        return ""
    return "pcp" if any(word in specialty.lower() for word in _PRIMARY) else "specialist"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer on file, as its figures quote it."""

    id: int
    payer: str
    plan: str
    day: date
    method: str
    trace: str
    source: str
    representative: str
    reference: str
    status: str
    service_day: date
    ends_on: date | None
    note: str
    differs: str
    coverage_id: int
    lines: tuple[Line, ...]
    rejections: tuple[tuple[str, str, str, str], ...] = ()

    def source_of(self, line: Line) -> str:
        """Where a figure stands: line, payer, day and trace number."""
        where = f"EB {line.line}" if self.method in ("271", "file") else self.method
        by = self.representative or self.payer
        number = self.trace or self.reference
        return f"{where}, {by}, {self.day:%m/%d/%Y}" + (f", {number}" if number else "")


def newest(desk: Desk, coverage_id: int, *, with_benefits: bool = False) -> Said | None:
    """The newest answer on a coverage; ``with_benefits``: the newest that named amounts."""
    desk.require("view_patients")
    found = desk.rows(_WITH_BENEFITS if with_benefits else _NEWEST, coverage_id)
    if not found:
        return None
    whose = desk.rows("SELECT patient_id FROM coverage WHERE id = ?", coverage_id)
    access.require_patient(desk, whose[0][0])
    return _said(desk, found[0])


def _said(desk: Desk, row: tuple[Any, ...]) -> Said:
    (answer_id, payer, plan, at, method, trace, source, who, reference, status, service_day,
     ends_on, note, differs, coverage_id) = row  # fmt: skip
    rejections = tuple(desk.rows(_REJECTIONS, answer_id))
    lines = tuple(_read(values) for values in desk.rows(_LINES, answer_id))
    day = local(parse_utc_text(at), desk.zone).date()
    return Said(
        answer_id, payer, plan, day, method, trace, source, who, reference, status,
        date.fromisoformat(service_day), date.fromisoformat(ends_on) if ends_on else None, note,
        differs, coverage_id, lines, rejections,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that was chosen, or why none could be: ``lines`` are those that disagree."""

    value: int | None
    line: Line | None = None
    lines: tuple[Line, ...] = ()

    @property
    def known(self) -> bool:
        return self.value is not None

    @property
    def whole_plan(self) -> bool:
        """Whether it is the whole plan's and not the service's own."""
        return self.line is not None and self.line.services in ((), (WHOLE_PLAN,))


NOTHING = Figure(None)


def wanted_services(services: Sequence[str]) -> tuple[str, ...]:
    """The service types to look under, the most fitting first, the whole plan last."""
    return tuple(dict.fromkeys((*services, WHOLE_PLAN)))


def copay(
    lines: Iterable[Line], services: Sequence[str], *, tier: str = "", network: str = "in"
) -> Figure:
    """The copay of one visit: by service first, never the whole plan's line for a special one."""
    found = _of(lines, "B", network, _VISIT_PERIODS, lambda line: line.amount_cents is not None)
    return _chosen(found, services, tier, lambda line: line.amount_cents)


def coinsurance(
    lines: Iterable[Line], services: Sequence[str], *, tier: str = "", network: str = "in",
    inverted: bool = False,
) -> Figure:  # fmt: skip
    """The patient's share in hundredths of a percent; ``inverted``: the payer sends its own."""
    found = _of(lines, "A", network, None, lambda line: line.share is not None)
    chosen = _chosen(found, services, tier, lambda line: line.share)
    if chosen.value is None or not inverted:
        return chosen
    return Figure(10_000 - chosen.value, chosen.line, chosen.lines)


def left(
    lines: Iterable[Line], code: str, services: Sequence[str], level: str, *, network: str = "in"
) -> Figure:
    """What is left of the deductible (C) or out-of-pocket maximum (G) of a person or family.

    The line that says so, else the whole less what was used this year. The whole alone does not
    tell. An amount that stands for no limit is no figure.
    """
    own = [
        line for line in _of(lines, code, network, None, lambda line: line.amount_cents is not None)
        if line.level == level or (level == "IND" and not line.level)
    ]  # fmt: skip
    remaining = [line for line in own if line.period in code_words.REMAINING]
    chosen = _chosen(remaining, services, "", lambda line: line.amount_cents)
    if chosen.known or chosen.lines:
        return _limited(chosen)
    whole = _chosen([x for x in own if x.period in _BASE_PERIODS], services, "",
                    lambda line: line.amount_cents)  # fmt: skip
    if whole.value == 0:
        return whole
    used = _chosen([x for x in own if x.period == _YEAR_TO_DATE], services, "",
                   lambda line: line.amount_cents)  # fmt: skip
    if whole.value is not None and used.value is not None:
        return _limited(Figure(max(whole.value - used.value, 0), whole.line))
    return Figure(None, None, whole.lines)


def deductible_applies(
    lines: Iterable[Line], services: Sequence[str], copay_line: Line | None, *,
    network: str = "in", after: bool = False,
) -> bool | None:  # fmt: skip
    """Whether the deductible comes before the plan pays for a service; None when not said.

    A message on one of the service's lines decides (of the whole plan's where it has none).
    Else a service with a copay of its own does without, unless the plan's copays come after the
    deductible; a service with coinsurance does not do without.
    """
    special = {s for s in services if s != WHOLE_PLAN}
    here = [x for x in lines if x.side in (network, "both") and x.code in ("A", "B", "C")]
    about = [line for line in here if special & set(line.services)]
    whole = not about
    about = about or [line for line in here if line.code != "C"]
    for line in about:
        if any(word in line.loud for word in _WITHOUT_DEDUCTIBLE):
            return False
        if any(word in line.loud for word in _AFTER_DEDUCTIBLE):
            return True
    if not whole and any(line.code == "C" and line.amount_cents == 0 for line in about):
        return False
    if copay_line is not None:
        return after
    if any(line.code == "A" for line in about):
        return True
    return None


def excluded(lines: Iterable[Line], services: Sequence[str], *, network: str = "in") -> Line | None:
    """The line that says that the plan does not pay for the service."""
    special = [s for s in services if s != WHOLE_PLAN]
    for line in lines:
        named = set(special) & set(line.services)
        if line.code in ("I", "E") and named and line.side in (network, "both"):
            return line
    return None


def needs_authorization(lines: Iterable[Line], services: Sequence[str]) -> Line | None:
    """The line that says that the service needs an authorization (EB11)."""
    return next(
        (x for x in lines if x.authorization == "Y" and set(services) & set(x.services)), None
    )


def no_cost_share(lines: Iterable[Line]) -> Line | None:
    """The line that says that nothing may be asked of the patient: a qualified beneficiary."""
    return next(
        (x for x in lines if x.insurance == "QM" and x.code not in code_words.INACTIVE), None
    )


def _of(
    lines: Iterable[Line], code: str, network: str, periods: tuple[str, ...] | None,
    has: Callable[[Line], bool],
) -> list[Line]:  # fmt: skip
    return [
        line for line in lines
        if line.code == code and has(line) and line.side in (network, "both")
        and (periods is None or line.period in periods)
    ]  # fmt: skip


def _chosen(
    lines: Sequence[Line], services: Sequence[str], tier: str, value: Callable[[Line], int | None]
) -> Figure:
    """The one value among ``lines``: the first service that has any, the network named before
    the one that may be either, the tier asked for before none."""
    for service in wanted_services(services):
        about = [
            line for line in lines
            if service in line.services or (service == WHOLE_PLAN and not line.services)
        ]  # fmt: skip
        if not about:
            continue
        about = [line for line in about if line.side != "both"] or about
        if tier:
            about = (
                [line for line in about if line.tier == tier]
                or [line for line in about if not line.tier]
                or about
            )
        else:
            about = [line for line in about if line.tier in ("", "pcp", "specialist")] or about
        values = {value(line) for line in about}
        if len(values) == 1:
            return Figure(value(about[0]), about[0])
        return Figure(None, None, tuple(about))
    return NOTHING


def _limited(figure: Figure) -> Figure:
    if figure.value in UNLIMITED_CENTS:
        return Figure(None, figure.line)
    return figure
