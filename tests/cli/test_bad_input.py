"""Every option and argument of every batch command, given what it must not take.

Made from the program's own parameters: a new command, option or argument is tested by being
there. Each bad value gets one clear sentence and a documented exit code, or is harmless and
accepted; and the journal holds either nothing more or one whole entry.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deskterm.config import load
from deskterm.db import journal
from deskterm.db.database import driver, open_database
from deskterm.office import free_time
from deskterm.office.desk import open_desk
from deskterm.text import UNSAFE
from tests.cli import stock

LONG = "x" * 10_000
TEXTS = [
    "", " ", LONG, "A\x1b[2J", "A\x07B", "[red]A[/red]", "[/]", "Smith \u202ereversed", "😀 👩‍👩‍👧",
    "\udcff", "'; DROP TABLE patient;--", "\n", "Z" + "\u0301" * 40, "4242 4242 4242 4242",
]  # fmt: skip
TIMES = [
    "2026-02-30 09:00", "2027-02-29 09:00", "2028-02-29 09:00", "2026-13-01 09:00",
    "2027-03-14 02:30",  # this hour does not exist
    "2026-11-01 01:30",  # this one exists twice
    "0000-00-00 00:00", "9999-12-31 23:59", "2026-03-17 09:00", "2026-03-25 24:00",
    "2026-03-25", "soon", "t", "-1",
]  # fmt: skip
DAYS = ["2/30", "02/29/1983", "02/29/1984", "2026-02-29", "99/99/9999", "0", "-1", "t+99999999w",
        "t-99999999d", "31st", "next never", "2026-03-18T00:00"]  # fmt: skip
AMOUNTS = ["cash:-5", "cash:0", "cash:1e9", "cash:999999999999999999999", "cash:abc", "cash:5.001",
           "cash:٥", "cash:1,0,0", "cash:NaN", "cash:inf", "cash", ":", "gold:5", "card:5",
           "card:5:visa:4242424242424242:A1", "card:5:visa:12:A1", "check:5:\x1b[2J"]  # fmt: skip
NUMBERS = ["", "0", "-1", "99999", "9" * 30, "1.5", "abc", "1e3", "٣", LONG, "A\x1b[2J", "[red]"]
PATHS = ["", "/", ".", "{folder}", "{folder}/no/such/folder/x", "/proc/version/x", "/dev/null",
         "/dev/full", "x" * 300, "A\x1b[2J", "{folder}/clinic.db", "{folder}/letter.db",
         "{folder}/\udcff"]  # fmt: skip
DOCUMENTED = {0, 2, 3, 4, 5, 6, 7}
# These write more than one entry by nature, or put another file's journal in place.
MANY = {"data import fhir", "admin restore", "schedule open", "admin init"}
# A wrong PIN is an entry; so is what was read for a file that then could not be written.
READ_FIRST = {"approver", "csv", "xlsx", "hledger", "pdf", "anchors"}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stock")
    stock.stock(folder)
    (folder / "letter.db").write_text("this is a letter, not a database\n" * 100)
    return folder


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DESKTERM_DATABASE", "DESKTERM_CONFIG", "DESKTERM_DESK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def values_for(words: str, parameter: Any) -> list[str]:
    """What to try on one parameter, by its type and what it means."""
    kind, name = parameter.type_descriptor.annotation, parameter.name
    if kind is Path or name == "paths":
        return PATHS
    if kind is int or "int |" in str(kind) or "Optional[int]" in str(kind):
        return NUMBERS
    if name == "tender":
        return [*TEXTS, *AMOUNTS]
    if name == "at":
        return [*TEXTS, *TIMES]
    if (name in ("when", "first", "born") and words != "patients register") or name == "born":
        return [*TEXTS, *DAYS]
    return [*TEXTS, "no-such-word"]


def with_value(words: str, parameter: Any, value: str) -> list[str]:
    """The command's own call with one parameter's value put in place of the good one."""
    call, leaf = list(stock.CALLS[words]), stock.leaves()[words]
    if parameter.param_type_name == "argument":
        arguments = [p for p in leaf.params if p.param_type_name == "argument"]
        place = arguments.index(parameter)
        # The calls put their arguments first.
        return [*call[:place], value, *call[place + 1 :]]
    name = parameter.opts[0]
    for option in parameter.opts:
        if option in call:
            at = call.index(option)
            return [*call[:at], name, value, *call[at + 2 :]]
    return [*call, name, value]


def cases() -> Iterator[tuple[str, str]]:
    for words, leaf in stock.leaves().items():
        for parameter in leaf.params:
            if not getattr(parameter, "is_flag", False) and words != "demo":
                yield words, parameter.name


def state(folder: Path) -> tuple[int, str]:
    """The head of the journal in the clinic's file."""
    db = driver.connect(folder / "clinic.db")
    try:
        return db.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    finally:
        db.close()


def judge(said: stock.Said) -> None:
    """One clear sentence, nothing that acts on a terminal, and a documented exit code."""
    assert said.code in DOCUMENTED, (said.arguments, said.code, said.err)
    for text in (said.out, said.err):
        assert not UNSAFE.search(text.replace("\n", "")), said.arguments
        assert "Traceback" not in text and "Something unexpected" not in text
    if said.code == 0:
        return
    if "doctor" in said.arguments and said.code == 5:
        return
    if "--json" in said.arguments:
        value = json.loads(said.err)
        assert value["error"] and value["message"], said.arguments
        return
    lines = said.err.strip().splitlines()
    assert len(lines) == 1 and 8 < len(lines[0]) < 600, (said.arguments, said.err[:900])


def whole(folder: Path, *, free: bool) -> None:
    """The clinic's file has nothing half written."""
    desk = open_desk(load({}, database=str(folder / "clinic.db")), login="mlopez")
    try:
        assert list(journal.verify(desk.database, desk.secret)) == []
        if free:
            assert free_time.check(desk) == []
        assert desk.rows("PRAGMA foreign_key_check") == []
        assert desk.rows("PRAGMA quick_check") == [("ok",)]
    finally:
        desk.close()


@pytest.mark.parametrize(("words", "name"), list(cases()))
def test_a_bad_value_is_one_sentence(words: str, name: str, clean: Path, tmp_path: Path) -> None:
    leaf = stock.leaves()[words]
    parameter = next(p for p in leaf.params if p.name == name)
    json_too = any("--json" in p.opts for p in leaf.params)
    with stock.copied(clean, tmp_path / "c") as folder:
        for turn, value in enumerate(values_for(words, parameter)):
            before = state(folder)
            more = ["--json"] if json_too and turn % 2 else []
            said = stock.call(folder, words, with_value(words, parameter, value), *more)
            judge(said)
            if words in MANY:
                if not (folder / "clinic.db").exists() or said.code == 0:
                    stock.shutil.copy(clean / "clinic.db", folder / "clinic.db")
                continue
            after = state(folder)
            looks = 2 if words == "journal report" else 1  # the report, and its export
            if said.code:
                # A wrong PIN, and what was looked at before it failed, are entries too.
                noted = name in READ_FIRST or words in ("journal verify", "journal report")
                assert after == before or (noted and after[0] <= before[0] + looks), said.arguments
            else:
                assert 0 <= after[0] - before[0] <= looks, said.arguments
                for kept in ("clinic.db", "clinic.db-wal", "clinic.db-shm"):
                    (folder / kept).unlink(missing_ok=True)
                stock.shutil.copy(clean / "clinic.db", folder / "clinic.db")
        whole(folder, free=words.startswith(("schedule", "visits")))


# These open no clinic.
APART = ("demo", "admin init", "admin gate", "admin ssh-keys answer")


@pytest.mark.parametrize("words", [w for w in stock.CALLS if w not in APART])
def test_a_bad_database_is_one_sentence(words: str, clean: Path, tmp_path: Path) -> None:
    with stock.copied(clean, tmp_path / "c") as folder:
        newer = folder / "newer.db"
        stock.shutil.copy(folder / "clinic.db", newer)
        stock.shutil.copy(folder / "clinic.db.key", folder / "newer.db.key")
        db = driver.connect(newer)
        db.execute("INSERT INTO schema_version (version, name, applied_at) VALUES"
                   " (9999, 'later', '2030-01-01T00:00:00.000000Z')")  # fmt: skip
        db.commit()
        db.close()
        stock.shutil.copy(folder / "clinic.db", folder / "keyless.db")
        call = [a.replace("{folder}", str(folder)) for a in stock.CALLS[words]]
        for database in (
            "letter.db", "newer.db", "keyless.db", ".", "none/clinic.db", "clinic.db/x", LONG,
            "\x1b[2J", "x\x00y", "postgresql://nowhere/x", "://", "sqlite://",
        ):  # fmt: skip
            if words == "admin restore" and database in ("letter.db", "keyless.db", "newer.db"):
                continue  # a restore puts a good file in place of whatever is there
            where = database if "://" in database else str(folder / database)
            for more in ([], ["--json"]):
                said = stock.run(["--db", where, "--as", "mlopez", *words.split(), *call, *more])
                judge(said)
                # What a payer's file says is shown without a clinic too.
                if words not in ("admin restore", "coverage import-271"):
                    assert said.code != 0, said.arguments
        assert state(folder) == state(clean)


def test_who_acts_is_checked_before_anything(clean: Path, tmp_path: Path) -> None:
    with stock.copied(clean, tmp_path / "c") as folder:
        for login in [*TEXTS, "nobody"]:
            said = stock.run(["--db", str(folder / "clinic.db"), "--as", login, "schedule", "day"])
            judge(said)
            assert said.code in (4, 6) or not login


def test_a_line_that_cannot_be_understood(clean: Path) -> None:
    for line in (["nonsense"], ["schedule"], ["schedule", "nonsense"], ["schedule", "day", "--no"],
                 ["schedule", "day", "t", "extra"], ["patients", "find"], ["pay", "take", "1"],
                 ["schedule", "book", "1", "--type"], ["--no-such", "schedule", "day"],
                 ["visits", "arrive", LONG], [LONG]):  # fmt: skip
        said = stock.run(["--db", str(clean / "clinic.db"), *line, "--json"])
        assert said.code == 2, line
        assert json.loads(said.err)["error"] == "usage"
        if line != ["schedule"]:
            judge(stock.run(["--db", str(clean / "clinic.db"), *line]))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    said = stock.run(["--db", str(tmp_path / "closed" / "c.db"), "admin", "init"])
    judge(said)
    assert said.code == 7


def test_a_newer_file_is_left_alone(clean: Path, tmp_path: Path) -> None:
    with stock.copied(clean, tmp_path / "c") as folder:
        path = folder / "clinic.db"
        db = open_database(path)
        db.execute_sql("INSERT INTO schema_version (version, name, applied_at) VALUES"
                       " (9999, 'later', '2030-01-01T00:00:00.000000Z')")  # fmt: skip
        db.close()
        said = stock.call(folder, "schedule day", ["t"])
        judge(said)
        assert said.code == 7 and "newer" in said.err


@pytest.mark.processes
def test_a_real_process_says_the_same(clean: Path) -> None:
    """The in-process runs above go through the same front door as this."""
    for words, value, code in (("patients show", "99999", 3), ("schedule day", "2/30", 4),
                               ("visits arrive", "A\x1b[2J", 2)):  # fmt: skip
        line = ["--db", str(clean / "clinic.db"), "--as", "mlopez", *words.split(), value]
        done = subprocess.run(
            [sys.executable, "-m", "deskterm", *line], capture_output=True, check=False,
            cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": "."},
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (code, b"")
        assert done.stderr.count(b"\n") == 1 and b"\x1b" not in done.stderr
