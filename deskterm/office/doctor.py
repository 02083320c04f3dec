"""What an administrator asks first: is everything that deskterm stands on in order?"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from peewee import sqlite3 as driver  # type: ignore[attr-defined]

from deskterm.clock import Clock, local, parse_utc_text, zone
from deskterm.config import Settings
from deskterm.db import journal
from deskterm.db.database import ClinicDatabase, open_database, rows, sqlite_is_safe
from deskterm.db.migrate import steps, version
from deskterm.errors import DesktermError
from deskterm.office import activity, anchors, code_index, free_time, search_index, ssh_keys
from deskterm.office.data_files import NETWORK, filesystem, judge
from deskterm.office.desk import Actor, Desk, clock_for

Level = Literal["OK", "WARN", "FAIL"]
_LITTLE_ROOM, _TOO_LITTLE_ROOM = 2**30, 100 * 2**20  # bytes
_OLDEST_SSH = (9, 2)
_BUILT = 2026  # no clock can be earlier than this program
_DUMB = {"", "dumb", "unknown", "network", "dialup"}


@dataclass(frozen=True)
class Check:
    """One thing looked at. ``hint`` says what to do unless it is OK."""

    name: str
    level: Level
    found: str
    hint: str = ""


def examine(
    settings: Settings,
    *,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[Check]:
    """Every check, in order; what cannot be looked at is a FAIL, never an exception.

    Nothing is changed: a file of an older version is not brought up to date.
    """
    environ = os.environ if environ is None else environ
    found = [
        _python(),
        _sqlite(),
        _guard("terminal", lambda: _terminal(environ)),
        _guard("clock", lambda: _clock(settings, clock)),
        _guard("folder", lambda: _folder(settings)),
        _guard("disk room", lambda: _room(settings.database_path)),
        _guard("OpenSSH", _openssh),
    ]
    path = settings.database_path
    if not path.is_file():
        found.append(
            Check("database", "FAIL", f"there is no {path.name}", "deskterm admin init makes one")
        )
        return found
    found += [
        _guard("database file", lambda: _shared("database file", path, "chmod 600", settings)),
        _guard("key file", lambda: _shared("key file", settings.key_path, "chmod 600", settings)),
    ]
    return [*found, *_inside(settings, clock)]


def worst(checks: list[Check]) -> Level:
    """The gravest level among ``checks``."""
    levels = {check.level for check in checks}
    return "FAIL" if "FAIL" in levels else "WARN" if "WARN" in levels else "OK"


def _guard(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except DesktermError as error:
        return Check(name, "FAIL", error.message, error.hint)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "it cannot be read"
        return Check(name, "FAIL", said, "Check the path and its permissions")


def _python() -> Check:
    return Check("Python", "OK", ".".join(map(str, sys.version_info[:3])))


def _sqlite() -> Check:
    found = str(driver.sqlite_version)
    if not sqlite_is_safe():
        return Check(
            "SQLite", "FAIL", f"{found} can corrupt a shared file",
            "Install pysqlite3 0.6.1 or newer",
        )  # fmt: skip
    return Check("SQLite", "OK", found)


def _terminal(environ: Mapping[str, str]) -> Check:
    term = environ.get("TERM", "")
    if term in _DUMB:
        return Check(
            "terminal", "WARN", f"type {term or 'not set'}",
            "Set TERM, or use a terminal that moves its cursor; batch commands work anywhere",
        )  # fmt: skip
    chosen = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    if "utf" not in chosen.lower():
        return Check(
            "terminal", "WARN", f"{term}, not known to be UTF-8", "Set LANG, for example C.UTF-8"
        )
    return Check("terminal", "OK", f"{term}, UTF-8")


def _clock(settings: Settings, clock: Clock | None) -> Check:
    zone(settings.zone)
    now = (clock or clock_for(settings)).now()
    shown = f"{now:%Y-%m-%d %H:%M} UTC, zone {settings.zone}"
    if not _BUILT <= now.year < 2100:
        return Check("clock", "FAIL", shown, "Set the machine's clock, and keep it by NTP")
    if settings.frozen_now:
        return Check("clock", "WARN", f"{shown}, standing still", "Right for a sample clinic only")
    return Check("clock", "OK", shown)


def _folder(settings: Settings) -> Check:
    folder = settings.database_path.parent
    mode = stat.S_IMODE(folder.stat().st_mode)
    kind = filesystem(folder)
    if kind in NETWORK:
        return Check(
            "folder", "FAIL", f"on a network disk ({kind})",
            "Move the database to a local disk; locks are not safe over the network",
        )  # fmt: skip
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check("folder", "FAIL", "may not be written", f"Give yourself write on {folder}")
    shared = _shared("folder", folder, "chmod 700", settings)
    if shared.level != "OK":
        return shared
    return Check("folder", "OK", f"mode {mode:04o}{f', {kind}' if kind else ''}")


def _room(path: Path) -> Check:
    free = shutil.disk_usage(path.parent).free
    size = path.stat().st_size if path.is_file() else 0
    shown = f"{free // 2**20} MB free"
    if free < _TOO_LITTLE_ROOM:
        return Check("disk room", "FAIL", shown, "Free some room now: nothing can be saved soon")
    if free < max(_LITTLE_ROOM, 2 * size):
        return Check("disk room", "WARN", shown, "Free some room; a backup needs as much again")
    return Check("disk room", "OK", shown)


def _shared(name: str, path: Path, remedy: str, settings: Settings) -> Check:
    """A desk does not open on what others can reach, but for a practice clinic's."""
    mode = stat.S_IMODE(path.stat().st_mode)
    for fault in judge(path, remedy):
        return Check(name, "WARN" if settings.practice else "FAIL", fault.found, fault.hint)
    return Check(name, "OK", f"mode {mode:04o}, own")


def _openssh(sshd: Path = Path("/usr/sbin/sshd"), ssh: str = "/usr/bin/ssh") -> Check:
    """The version that people sign in through; older ones lack what docs/deployment.md sets."""
    if not sshd.exists():
        return Check("OpenSSH", "OK", "no server here; nobody signs in over SSH")
    try:
        done = subprocess.run(
            [ssh, "-V"], capture_output=True, text=True, timeout=5, env={}, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return Check("OpenSSH", "WARN", "its version is not to be had", "Look at: ssh -V")
    found = re.match(r"OpenSSH_(\d+)\.(\d+)", done.stderr)
    if found is None:
        return Check("OpenSSH", "WARN", "its version is not to be had", "Look at: ssh -V")
    shown = found[0].removeprefix("OpenSSH_")
    if (int(found[1]), int(found[2])) < _OLDEST_SSH:
        return Check(
            "OpenSSH", "WARN", f"{shown} never ends a connection without a desk",
            "Upgrade to 9.2 or newer, or leave UnusedConnectionTimeout out",
        )  # fmt: skip
    return Check("OpenSSH", "OK", shown)


def _ssh_keys(desk: Desk) -> Check:
    if not desk.settings.keys_file:
        return Check("SSH keys", "OK", "not published by this clinic")
    path = Path(desk.settings.keys_file)
    facts, folder = path.lstat(), path.parent.stat()
    mode = stat.S_IMODE(facts.st_mode)
    if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid() or mode & 0o027:
        return Check(
            "SSH keys", "FAIL", f"{path.name} could be another account's work ({mode:04o})",
            "Remove it, then: deskterm admin ssh-keys publish",
        )  # fmt: skip
    if stat.S_IMODE(folder.st_mode) & 0o022:
        return Check("SSH keys", "FAIL", "others may write to its folder", "chmod 2750 it")
    if not ssh_keys.published_as_recorded(desk):
        return Check(
            "SSH keys", "FAIL", "the keys file differs from the record",
            "deskterm admin ssh-keys publish",
        )  # fmt: skip
    return Check("SSH keys", "OK", f"as recorded, mode {mode:04o}")


def _inside(settings: Settings, clock: Clock | None) -> Iterator[Check]:
    """The checks that need the database open."""
    try:
        db = open_database(settings.database)
    except DesktermError as error:
        yield Check("database", "FAIL", error.message, error.hint)
        return
    try:
        schema = _guard("schema", lambda: _schema(db))
        yield schema
        yield _guard("pages", lambda: _pages(db))
        if schema.level == "FAIL":
            return
        now = clock or Clock()
        yield _guard("administrator", lambda: _administrator(db))
        yield _guard("journal time", lambda: _journal_time(db, now))
        yield _guard("journal", lambda: _journal(db, settings))
        desk = Desk(db, Actor("doctor", "", "", frozenset()), settings, now, b"")
        if schema.level == "OK":
            yield _guard("SSH keys", lambda: _ssh_keys(desk))
        yield _guard("anchors", lambda: _anchors(desk))
        yield _guard("activity review", lambda: _review(desk))
        yield _guard("free time", lambda: _free_time(desk))
        yield _guard("name index", lambda: _name_index(db))
        yield _guard("code lists", lambda: _code_lists(desk))
    finally:
        db.close()


def _schema(db: ClinicDatabase) -> Check:
    present, newest = version(db), steps()[-1][0]
    if present > newest:
        return Check("schema", "FAIL", f"{present}, newer than this deskterm", "Upgrade deskterm")
    if present == 0:
        return Check("schema", "FAIL", "holds no clinic", "deskterm admin init makes one")
    if present < newest:
        return Check(
            "schema", "WARN", f"{present} of {newest}",
            "Make a backup; the next start brings it up to date",
        )  # fmt: skip
    return Check("schema", "OK", str(present))


def _pages(db: ClinicDatabase) -> Check:
    said = rows(db, "PRAGMA quick_check(1)")
    if said != [("ok",)]:
        return Check("pages", "FAIL", "the file is damaged", "deskterm admin restore a backup")
    if rows(db, "PRAGMA journal_mode") != [("wal",)]:
        return Check("pages", "WARN", "not in WAL mode", "Close every desk and start again")
    return Check("pages", "OK", "whole, WAL")


def _administrator(db: ClinicDatabase) -> Check:
    found = rows(
        db,
        "SELECT count(*) FROM staff s JOIN role_permission r ON r.role = s.role"
        " WHERE s.active = 1 AND r.permission = 'administer'",
    )[0][0]
    if not found:
        return Check("administrator", "FAIL", "nobody may administer", "Restore a backup")
    return Check("administrator", "OK", f"{found} active")


def _journal_time(db: ClinicDatabase, clock: Clock) -> Check:
    found = rows(db, "SELECT at FROM journal ORDER BY seq DESC LIMIT 1")
    if not found:
        return Check("journal time", "FAIL", "the journal is empty", "Restore a backup")
    last = parse_utc_text(found[0][0])
    if last > clock.now() + timedelta(minutes=2):
        return Check(
            "journal time", "FAIL", f"last entry {last:%Y-%m-%d %H:%M} UTC is in the future",
            "Set the machine's clock, and keep it by NTP",
        )  # fmt: skip
    return Check("journal time", "OK", f"last entry {last:%Y-%m-%d %H:%M} UTC")


def _journal(db: ClinicDatabase, settings: Settings) -> Check:
    faults = list(journal.verify(db, journal.load_secret(settings.key_path)))
    if faults:
        first = faults[0]
        return Check(
            "journal", "FAIL", f"{len(faults)} faults; entry {first['seq']} {first['fault']}",
            "Keep the file as it is, tell the privacy officer, see deskterm journal verify",
        )  # fmt: skip
    return Check("journal", "OK", f"{journal.head(db)[0]} entries, unbroken")


def _anchors(desk: Desk) -> Check:
    hint = "deskterm journal anchor, every evening; see [anchors] in the settings"
    first = desk.rows("SELECT at FROM journal ORDER BY seq LIMIT 1")
    is_new = not first or desk.now() - parse_utc_text(first[0][0]) < timedelta(days=1)
    if not (desk.settings.anchors.file or desk.settings.anchors.syslog):
        if is_new:
            return Check("anchors", "OK", "none yet; the clinic is new")
        return Check("anchors", "WARN", "a cut or rewritten journal would not show", hint)
    path = desk.settings.anchor_path
    if path is None:
        return Check("anchors", "OK", f"to the system log at {desk.settings.anchors.syslog}")
    known = anchors.kept(desk)
    if not known and is_new:
        return Check("anchors", "OK", "none yet; the clinic is new")
    if not known:
        return Check("anchors", "WARN", f"none in {path.name}", hint)
    last = max(known, key=lambda anchor: anchor.seq)
    secret = journal.load_secret(desk.settings.key_path)
    if last.seal and last.seal != last.sealed(secret):
        return Check("anchors", "FAIL", f"the last in {path.name} was changed", "journal verify")
    there = desk.rows("SELECT hash FROM journal WHERE seq = ?", last.seq)
    if last.seq and (not there or not there[0][0].startswith(last.hash)):
        return Check(
            "anchors", "FAIL", f"entry {last.seq} is not the one that was anchored",
            "Keep the file as it is, tell the privacy officer, see deskterm journal verify",
        )  # fmt: skip
    if desk.now() - last.moment > timedelta(days=1):
        return Check("anchors", "WARN", f"the last is of {last.at[:16]} UTC", hint)
    return Check("anchors", "OK", f"{len(known)}, the last of {last.at[:16]} UTC")


def _review(desk: Desk) -> Check:
    found = activity.last_sign_off(desk)
    began = desk.rows("SELECT at FROM journal ORDER BY seq LIMIT 1")
    since = found[0] if found else local(parse_utc_text(began[0][0]), desk.zone) if began else None
    if since is not None and desk.wall() - since > timedelta(days=activity.DAYS):
        return Check(
            "activity review", "WARN", f"none signed off since {since:%Y-%m-%d}",
            "deskterm journal review, then --sign-off NOTE",
        )  # fmt: skip
    return Check("activity review", "OK", "of this week")


def _free_time(desk: Desk) -> Check:
    differences = free_time.check(desk)
    if differences:
        return Check(
            "free time", "FAIL", f"{len(differences)} days differ from the bookings",
            "Change a template or extend the horizon to lay it out again, and report this",
        )  # fmt: skip
    return Check("free time", "OK", "agrees with the bookings")


def _name_index(db: ClinicDatabase) -> Check:
    faults = search_index.check(db)
    if faults:
        return Check(
            "name index", "WARN", f"{len(faults)} differences",
            "Save those patients again; until then they may not be found by name",
        )  # fmt: skip
    return Check("name index", "OK", "agrees with the register")


def _code_lists(desk: Desk) -> Check:
    faults = code_index.check(desk.database)
    if faults:
        return Check(
            "code lists", "WARN", "; ".join(faults), "Import the newest file of that list again"
        )
    [(newest,)] = desk.rows("SELECT max(starts_on) FROM code_file WHERE system = 'icd10cm'")
    if newest is None:
        return Check("code lists", "OK", "no diagnoses are loaded: only their shape is checked")
    # Every fiscal year begins with a new list; the one of last October is a year old by then.
    today = desk.today()
    begun = date(today.year if today.month >= 10 else today.year - 1, 10, 1)
    if newest < begun.isoformat():
        return Check(
            "code lists", "WARN", f"the newest diagnoses are of {newest}",
            f"Load those from {begun.isoformat()}: deskterm codes import icd10cm FILE",
        )  # fmt: skip
    return Check("code lists", "OK", f"as they were imported, diagnoses from {newest}")
