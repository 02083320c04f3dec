"""Whatever ends the desk, what was typed comes back: same screen, same field, same text."""

from __future__ import annotations

import contextlib
import importlib
import signal
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from deskterm.entry.money import TenderEntry
from deskterm.errors import Conflict
from deskterm.office import (
    authorizations,
    break_glass,
    charges,
    code_import,
    credentials,
    payments,
    staff,
    visits,
)
from deskterm.office.authorizations import AuthorizationEntry
from deskterm.screens import places
from deskterm.screens.task import TaskScreen
from tests.factories import hire
from tests.terminal.desk_fixture import Morning, cursor, ready, wait_until
from tests.terminal.pty_desk import PtyDesk

pytestmark = pytest.mark.terminal

ORDER = Path(__file__).parents[1] / "samples" / "codes" / "icd10cm_order_2026.txt"

# Each form: the keys that open it, then steps (what is typed, what of it a draft must hold).
# Nothing in a step is longer than what half a second without keys has certainly saved.
FORMS: dict[str, tuple[list[str], list[tuple[list[str], str]]]] = {
    "booking": (
        ["f2", *"smith", "enter", "b"],
        [
            ([*"1w pm"], "1w pm"),
            (["tab", *"bp che"], "bp che"),
            (["shift+tab", "shift+tab", "shift+tab", "shift+tab", *"nv"], "nv"),
        ],
    ),
    "moving": (["3", "r"], [([*"2w"], "2w"), (["tab", *"ride"], "ride")]),
    "cancel": (
        ["3", "x"],
        [([*"sick"], "sick"), (["tab", *"practice"], "practice"), (["tab", *"call fr"], "call fr")],
    ),
    "register": (
        ["f2", *"nowak, ewa", "down", "enter", "enter"],
        [([*"031482"], "031482"), (["enter", *"217-555-01"], "217-555-01")],
    ),
    "edit": (
        ["3", "i"],
        [(["tab", *"Beatri"], "Beatri"), (["tab", *"Ann"], "Ann")],
    ),
    "call": (
        ["f6", *"cole", "enter"],
        [
            ([*"rx", "enter"], "rx  refill"),
            ([*"lisinop"], "lisinop"),
            (["enter", "4"], '"days_left":"4"'),
            (["enter", *"her daughter wil"], "her daughter wil"),
        ],
    ),
    "payment": (
        ["5", "p"],
        [
            ([*"40ca 25cc"], "40ca 25cc"),
            (["enter", *"44"], '"44"'),
            ([*"17", "enter", *"0881"], "0881"),
        ],
    ),
    "check-in": (
        ["2", "c"],
        [
            ([*"0119"], "0119"),
            (["enter", *"later"], "later"),
            (["enter", "enter", *"25ca 5c"], "25ca 5c"),
        ],
    ),
    "check-out": (["1", "o"], [([*"6w"], "6w")]),
    "jot": (["3", "j"], [([*"told about 20 mi", "left", "left"], "told about 20 mi")]),
    "room": (["1", "f"], [([*"2"], '"text":"2"')]),
    "void": ([*":void r-260318-001", "enter"], [([*"wrong_t"], "wrong_t")]),
    "money_back": (
        [*":account tran", "enter", "2", "x"],
        [([*"refund", "enter", *"5.00", "enter", *"5c", "left"], '"5c"')],
    ),
    "adjust": (
        [*":account tran", "enter", "1", "x"],
        [([*"write_off", "enter", "tab", *"12.5"], "12.5")],
    ),
    "close": (
        [*":close", "enter"],
        [([*"1", "enter", *"2", "tab", "tab", *"14", "left"], '"14"')],
    ),
    "staff_form": ([*":staff", "enter", "+"], [([*"dkim", "enter", *"Dana K", "left"], "Dana K")]),
    "break_glass": (
        ["4", "enter"],
        [([*"emergency", "enter", *"collapsed in the lo", "left"], "collapsed in the lo")],
    ),
    "fee": (
        [*":account tran", "enter", "+"],
        [(["tab", *"12.5"], '"amount":"12.5"'), (["tab", *"school fo", "left"], "school fo")],
    ),
    "plan": (
        [*":plan tran", "enter"],
        [([*"4"], '"4"'), (["enter", *"0415"], "0415"), (["tab", *"by pho", "left"], "by pho")],
    ),
    "insurance": (
        [*":insurance smith", "enter"],
        [([*"E881"], "E881"), (["enter", *"1 120 40 20 co", "left"], "1 120 40 20 co")],
    ),
    "family": ([*":family cole", "enter"], [([*"tran, oli", "left", "left"], "tran, oli")]),
    "charge": (
        [*":charge smith", "enter"],
        [([*"m54.50"], "m54.50"), (["enter", *"992", "left"], '"992"')],
    ),
    "ref_form": (
        ["f2", *"smith", "enter", "a", "+", "a", "enter"],
        [([*"MRI L-sp"], "MRI L-sp"), (["enter", *"72148", "enter", *"m54", "left"], '"m54"')],
    ),
    "ref_step": (
        ["f2", *"smith", "enter", "a", "f"],
        [([*"portal"], "portal"), (["tab", *"RQ-88"], "RQ-88"),
         (["tab", *"Dan", "left"], '"Dan"')],
    ),
    "answer": (
        [*":elig tran", "enter", "+"],
        [([*"active"], "active"), (["enter", *"0101"], "0101"), (["enter", *"27.5"], "27.5")],
    ),
    "enable": ([*":staff", "enter", "down", "x"], [([*"secon", "left"], '"secon"')]),
}  # fmt: skip

# Those that are not called as their place is.
PLACE = {
    "booking": "opening", "moving": "opening", "edit": "register", "check-in": "check_in",
    "check-out": "check_out", "room": "jot",
}  # fmt: skip

# By design these keep no draft (screens/proofs.py): PINs, passwords and codes are never stored, so
# there is nothing that could come back.
NO_DRAFT = {"pin", "code"}


def _receipt(morning: Morning) -> None:
    """TRAN pays 10.00 of what she owes."""
    payments.take(
        morning.desk, morning.people["tran"].id, tenders=[TenderEntry("cash", 1000)], key="p1"
    )


def _charged(morning: Morning) -> None:
    """SMITH's visit of today is charged, and her plan is expected to pay for it."""
    desk = morning.desk
    _coded(morning)
    charges.post(desk, morning.visits["smith"].id, [charges.ChargeLine("99213")])


def _coded(morning: Morning) -> None:
    """There are codes to charge by."""
    desk = morning.desk
    with contextlib.suppress(Conflict):  # where every row is prepared in one file
        charges.set_fee(desk, "99213", 18000, label="office visit", starts_on=date(2020, 1, 1))
    code_import.import_file(desk, "icd10cm", ORDER)


def _asked(morning: Morning) -> None:
    """SMITH's plan is to be asked for an MRI."""
    authorizations.request(
        morning.desk, morning.people["smith"].id, AuthorizationEntry(service="MRI")
    )


def _shut_out(morning: Morning) -> None:
    """Dana may not sign in any more; a second person is there to agree that she may."""
    hire(morning.desk, "dkim", "Dana Kim", "front_desk")
    staff.disable(morning.desk, "dkim", reason="left")
    hire(morning.desk, "second", "Second Person", "manager")
    credentials.set_secret(morning.desk, "second", secret="482915", kind="pin")


# What the morning needs before some of them can be opened.
BEFORE: dict[str, Callable[[Morning], object]] = {
    "room": lambda m: visits.check_in(m.desk, m.visits["faber"].id),
    "void": _receipt,
    "money_back": _receipt,
    "close": _receipt,
    "break_glass": lambda m: break_glass.restrict(
        m.desk, m.people["maria"].id, reason="works here"
    ),
    "insurance": _charged,
    "charge": _coded,
    "ref_step": _asked,
    "enable": _shut_out,
}


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    with Morning(tmp_path) as made:
        yield made


def stands(term: PtyDesk) -> list[str]:
    """The screen and the cursor, without counters, row 3 and what was said last."""
    term.wait_quiet(0.2)
    lines = term.screen()
    return [lines[0].partition("  ")[0], lines[1], *lines[3:21], f"cursor {cursor(term)}"]


def come_back(term: PtyDesk) -> None:
    """Start anew: what was open opens by itself."""
    term.wait_for("is where you left it", timeout=20)
    term.wait_for("BACK after")


def test_every_form_is_among_them() -> None:
    """A new form takes a row above: it must come back like the others."""
    forms = set()
    for name, (module, kind) in places.PLACES.items():
        if issubclass(getattr(importlib.import_module(module), kind), TaskScreen):
            forms.add(name)
    rows = {PLACE.get(name, name) for name in FORMS}
    assert not rows & NO_DRAFT
    assert rows | NO_DRAFT == forms


@pytest.mark.parametrize("form", FORMS)
def test_after_a_kill_the_next_start_shows_the_same_screen_field_and_text(
    morning: Morning, form: str
) -> None:
    """Killed in every step: each time the next start shows what stood there, cursor and all."""
    opening, steps = FORMS[form]
    BEFORE.get(form, lambda m: None)(morning)
    before: list[str] | None = None
    for keys, kept in steps:
        with morning.terminal() as term:
            if before is None:
                ready(term)
                term.send(*opening)
                term.wait_quiet(0.2)
            else:
                come_back(term)
                assert stands(term) == before
            term.send(*keys)
            wait_until(
                term,
                lambda kept=kept: any(kept in state for _, state in morning.open_drafts()),
                f"{kept!r} is kept",
            )
            before = stands(term)
            term.signal(signal.SIGKILL)
            term.exit_code()
    with morning.terminal() as term:
        come_back(term)
        assert stands(term) == before
    assert len(morning.open_drafts()) == 1
