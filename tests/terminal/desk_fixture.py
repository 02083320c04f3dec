"""A morning at a small clinic on a real file, and the real desk in a terminal on it.

The clock stands still, by the same setting that a sample clinic uses, so every test and every
golden text sees the same day: Wednesday 18 March 2026, 9:42 in the morning.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.db.patients import Patient
from deskterm.db.scheduling import Appointment
from deskterm.office import clinic as clinics
from deskterm.office import free_time, messages, payments, templates
from deskterm.office.desk import Desk, open_desk
from deskterm.office.operations import NOTED
from tests.factories import Clinic, clinic
from tests.terminal.pty_desk import PtyDesk
from tests.terminal.tmux_desk import TmuxDesk

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 18, 14, 42, tzinfo=UTC)
LONG_AGO = date(2020, 1, 1)
LOGIN = "mlopez"
PATIENCE = 10.0  # seconds a condition may take before a test gives up


class Morning:
    """The clinic's file with people and visits on it. Use as a context manager.

    ``desk`` is another workstation's handle on the same file, for looking and for meddling.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "clinic.db"
        settings = Settings(database=str(self.path), clinic="Main St Clinic")
        clinics.init(settings, login=LOGIN, name="Maria Lopez", clock=FrozenClock(NOW)).close()
        (folder / "deskterm.toml").write_text(
            f'clinic = "Main St Clinic"\nfrozen_now = "{NOW.isoformat()}"\n'
            "pin_spoken_for = false\n",
            encoding="utf-8",
        )
        self.desk: Desk = open_desk(
            Settings(database=str(self.path), clinic="Main St Clinic", desk="d2"),
            login=LOGIN,
            clock=FrozenClock(NOW),
        )
        self.clinic: Clinic = clinic(self.desk)
        self.people: dict[str, Patient] = {}
        self.visits: dict[str, Appointment] = {}
        self._hours()
        self._people()
        self._day()
        free_time.lay_out(self.desk, date(2026, 7, 1))

    def __enter__(self) -> Morning:
        return self

    def __exit__(self, *exc: object) -> None:
        self.desk.close()

    def _hours(self) -> None:
        for weekday in range(5):
            for code, capacity in (("LEE", 1), ("PATEL", 1), ("NOVAK", 1), ("RN", 2)):
                templates.set_template(
                    self.desk, code, "MAIN", weekday, 480, 1020,
                    starts_on=LONG_AGO, capacity=capacity,
                )  # fmt: skip
                templates.set_template(
                    self.desk, code, "MAIN", weekday, 720, 780,
                    starts_on=LONG_AGO, kind="lunch", label="Lunch",
                )  # fmt: skip

    def _people(self) -> None:
        made = self.clinic
        for key, last, first, born, sex in (
            ("smith", "SMITH", "JOAN", date(1982, 3, 14), "F"),
            ("maria", "ALVAREZ", "MARIA", date(1975, 5, 5), "F"),
            ("mary", "ALVAREZ", "MARIA", date(1991, 8, 21), "F"),
            ("tran", "TRAN", "OLIVIA", date(1988, 6, 22), "F"),
            ("hui", "HUI", "ZHEN", date(1977, 1, 19), "M"),
            ("cole", "COLE", "BEA", date(1950, 12, 1), "F"),
            ("faber", "FABER", "LOUIS", date(1969, 9, 30), "M"),
        ):
            self.people[key] = made.patient(last, first, born=born, sex=sex)
        for key in ("smith", "maria", "tran", "cole"):
            made.cover(self.people[key])
        made.cover(self.people["hui"], card_seen_on=None, eligibility="not_checked")

    def _day(self) -> None:
        made, desk = self.clinic, self.desk
        for key, hour, minute, provider, kind in (
            ("faber", 9, 20, "LEE", "FU"),
            ("hui", 9, 40, "PATEL", "FU"),
            ("cole", 10, 0, "LEE", "PE"),
            ("maria", 10, 20, "RN", "FU"),
            ("tran", 11, 0, "NOVAK", "FU"),
            ("smith", 11, 20, "NOVAK", "FU"),
        ):
            start = datetime(2026, 3, 18, hour, minute)
            self.visits[key] = made.appointment(self.people[key], start, provider, kind)
        payments.charge(
            desk, self.people["tran"].id, kind="visit", amount_cents=4000,
            service_day=date(2026, 2, 20),
        )  # fmt: skip
        messages.take(
            desk, caller="self", relationship="self", callback="217-555-0142",
            patient_id=self.people["cole"].id, topic="rx", body="refill lisinopril 10",
            urgency="today", assignee=LOGIN, key="message-1",
        )  # fmt: skip

    # The desk in a terminal

    def argv(self, *more: str, login: str = LOGIN) -> list[str]:
        """The command that opens the desk, or runs a batch command."""
        return [sys.executable, "-m", "deskterm", "--db", str(self.path), "--as", login, *more]

    def terminal(self, *, tmux: bool = False, login: str = LOGIN, **options: Any) -> PtyDesk:
        """The real desk on a real terminal, not yet started; enter it to start."""
        kind = TmuxDesk if tmux else PtyDesk
        env = {"PYTHONPATH": str(ROOT), **options.pop("env", {})}
        return kind(self.argv(login=login), env, **options)

    # Looking at the file

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        return self.desk.rows(sql, *params)

    def journal_from(self, mark: int) -> list[str]:
        """The operations that were journaled after entry ``mark``, oldest first.

        Without looks, which are written in batches when there is time, and without the session.
        """
        found = self.rows("SELECT operation FROM journal WHERE seq > ? ORDER BY seq", mark)
        return [name for (name,) in found if name not in NOTED and name != "session.start"]

    def journal_mark(self) -> int:
        return int(self.rows("SELECT coalesce(max(seq), 0) FROM journal")[0][0])

    def open_drafts(self) -> list[tuple[Any, ...]]:
        """Form and state of everything that is parked."""
        return self.rows("SELECT form, state FROM draft WHERE status = 'open' ORDER BY id")


def wait_until(term: PtyDesk, condition: Callable[[], object], told: str) -> None:
    """Wait until ``condition`` holds, reading what the terminal is sent meanwhile."""
    limit = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > limit:
            raise AssertionError(f"it did not come about: {told}; the screen:\n{term.text()}")
        term.pump(0.02)


def ready(term: PtyDesk) -> PtyDesk:
    """Wait until the desk shows the day and takes keys."""
    term.wait_for("DAY  Wed Mar 18 2026", timeout=20)
    return term


def cursor(term: PtyDesk) -> tuple[int, int]:
    """Row and column of the terminal's own cursor, counted from 1; screen readers follow it."""
    return term._pyte.cursor.y + 1, term._pyte.cursor.x + 1
