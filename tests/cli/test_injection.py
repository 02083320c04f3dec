"""Hostile text in every text column: every batch command prints it, and none passes it on.

The columns are filled past the models, as an old version or another program would have.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from peewee import sqlite3

from deskterm.config import load
from deskterm.db.fields import Choice, CleanText
from deskterm.db.schema import MODELS
from deskterm.office import receipts
from deskterm.office.desk import open_desk
from deskterm.text import UNSAFE
from tests.cli import stock
from tests.terminal.payloads import PAYLOADS

TEXTS = list(PAYLOADS.values())
FORGED = "PAID IN FULL"  # what a line break in a name would make a line of its own
# Without these nobody may do anything, nothing is found, or no time can be told. The first row
# of a list keeps the words by which the calls name it.
KEPT = {"role_permission": {"role", "permission"}, "location": {"zone"}, "appointment": {"zone"},
        "schema_version": {"name"}}  # fmt: skip
# Word lists of the search, without row numbers: never shown, and rebuilt from the names.
INDEXES = {"patient_name_word", "search_name", "search_name_key", "code_word", "code_word_key"}
NAMED = {
    "provider": ("code",), "visit_type": ("code",), "payment":
    ("receipt",), "room": ("name",), "pool": ("code",),
}  # fmt: skip
NAMED_ROWS = {"room": 4}
CODES = {"rx", "called", "wrong_amount", "sick", "wait"}  # what the calls say
MEMBERS_OF_JSON = {("journal", "changes"), ("draft", "state"), ("code", "detail")}


def value(table: str, column: str, text: str) -> str:
    """``text`` as the column may hold it: some columns hold JSON."""
    if (table, column) not in MEMBERS_OF_JSON:
        return text
    if table != "journal":
        return json.dumps({"text": text, text: text})
    row = {"table": "patient", "id": 1, "before": {"alert": text}, "after": {"alert": "x" + text}}
    other = {"table": text, "id": 2, "before": None, "after": {text: text}}
    return json.dumps([row, other])


def poison(path: Path, *, choices: bool) -> set[str]:
    """Put payloads into every text column of every table; the columns that got one.

    ``choices`` poisons fixed words too (stage, lifecycle), in every third row.
    """
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA foreign_keys = 0")
    db.execute("PRAGMA ignore_check_constraints = 1")
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute("BEGIN")
    reached = set()
    [(me,)] = db.execute("SELECT rowid FROM staff WHERE login = 'mlopez'").fetchall()
    spoken = {row for row, code in db.execute("SELECT rowid, code FROM code") if code in CODES}
    for order, model in enumerate(MODELS):
        table = model._meta.table_name
        if table in INDEXES:
            continue
        texts = [f for f in model._meta.sorted_fields if isinstance(f, CleanText | Choice)]
        if texts and not db.execute(f"SELECT 1 FROM {table}").fetchone():
            fill(db, table, model)
        for place, field in enumerate(texts):
            column = field.column_name
            if column in KEPT.get(table, ()):
                continue
            if isinstance(field, Choice) and not choices:
                continue
            ids = db.execute(f"SELECT rowid FROM {table} ORDER BY rowid").fetchall()
            for number, (row,) in enumerate(ids):
                if column in NAMED.get(table, ()) and number < NAMED_ROWS.get(table, 1):
                    continue
                if isinstance(field, Choice) and number % 3:
                    continue
                if table == "staff" and row == me and column != "name":
                    continue
                if table == "code" and row in spoken:
                    continue
                text = TEXTS[(number + place + order) % len(TEXTS)]
                if getattr(field, "lines", False):
                    text = text.replace("\n", " ")  # these may have lines of their own
                if field.unique or column in ("value", "code", "name"):
                    text += f" {row}"
                db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?",
                           (value(table, column, text), row))  # fmt: skip
                reached.add(f"{table}.{column}")
    db.execute("COMMIT")
    db.close()
    return reached


def fill(db: Any, table: str, model: Any) -> None:
    """One row in an empty table, about the first patient and visit."""
    values: dict[str, Any] = {}
    for field in model._meta.sorted_fields:
        kind = type(field).__name__
        values[field.column_name] = {
            "Day": "2026-03-18", "Moment": "2026-03-18T14:42:00.000000Z",
            "WallTime": "2026-03-18T09:00", "CleanText": "x", "Choice": getattr(
                field, "codes", ("x",))[0],
        }.get(kind, 1)  # fmt: skip
    names, marks = ", ".join(values), ", ".join("?" for _ in values)
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))


def harmless(said: stock.Said) -> None:
    """Nothing but printable text left, nothing fell over, and no line was forged."""
    for text in (said.out, said.err):
        found = UNSAFE.search(text.replace("\n", ""))
        assert not found, (said.arguments, found)
        assert not any(line.startswith(FORGED) for line in text.splitlines()), said.arguments
    assert said.code in (0, 2, 3, 4, 5, 6, 7), (said.arguments, said.code, said.err)
    assert "Traceback" not in said.err + said.out


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stock")
    stock.stock(folder)
    return folder


@pytest.fixture(scope="module", params=["texts", "fixed words too"])
def hostile(request: Any, clean: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "clinic"
    stock.shutil.copytree(clean, folder)
    choices = request.param != "texts"
    reached = poison(folder / "clinic.db", choices=choices)
    every = {
        f"{m._meta.table_name}.{f.column_name}"
        for m in MODELS
        if m._meta.table_name not in INDEXES
        for f in m._meta.sorted_fields
        if isinstance(f, CleanText | Choice if choices else CleanText)
    }
    kept = {f"{table}.{column}" for table, columns in KEPT.items() for column in columns}
    assert every - reached - kept == set(), "text columns that no payload was put into"
    return folder


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DESKTERM_DATABASE", "DESKTERM_CONFIG", "DESKTERM_DESK"):
        monkeypatch.delenv(name, raising=False)


def test_every_command_has_a_call() -> None:
    assert set(stock.leaves()) == set(stock.CALLS)


@pytest.mark.parametrize("words", [w for w in stock.CALLS if w != "demo"])
def test_no_command_passes_hostile_text_on(words: str, hostile: Path, tmp_path: Path) -> None:
    """Its own call as text and JSON; then on many records, since each holds other payloads."""
    json_too = any("--json" in p.opts for p in stock.leaves()[words].params)
    with stock.copied(hostile, tmp_path / "c") as folder:
        call = stock.CALLS[words]
        harmless(stock.call(folder, words, call))
        if json_too:
            said = stock.call(folder, words, call, "--json")
            harmless(said)
            json.loads(said.out or said.err)
        if (call and call[0] == "1") or words.startswith("visits"):
            for number in range(1, stock.PEOPLE + 1, 1 if words == "patients show" else 4):
                harmless(stock.call(folder, words, [str(number), *call[1:]]))


def test_receipts_are_harmless_on_paper_too(hostile: Path, tmp_path: Path) -> None:
    with stock.copied(hostile, tmp_path / "c") as folder:
        desk = open_desk(load({}, database=str(folder / "clinic.db")), login="mlopez")
        try:
            for (number,) in desk.rows("SELECT receipt FROM payment"):
                if UNSAFE.search(number) or number != number.strip().upper():
                    continue
                done = receipts.write(desk, number, folder)
                text = Path(done).read_text("utf-8")
                assert not UNSAFE.search(text.replace("\n", ""))
                assert not any(line.startswith(FORGED) for line in text.splitlines())
                Path(done).unlink()
        finally:
            desk.close()


def test_the_sample_clinics_day_is_harmless(tmp_path: Path) -> None:
    call = ["--dir", str(tmp_path / "demo"), "--patients", "20"]
    assert stock.run(["demo", *call]).code == 0
    poison(tmp_path / "demo" / "clinic.db", choices=False)
    said = stock.run(["demo", *call])
    harmless(said)
    assert "(sample)" in said.out and "Making" not in said.err


@pytest.mark.parametrize("name", list(PAYLOADS))
def test_names_of_files_and_words_of_the_line(name: str, clean: Path, tmp_path: Path) -> None:
    text = PAYLOADS[name].replace("\x00", "").replace("/", "")[:60]
    with stock.copied(clean, tmp_path / "c") as folder:
        harmless(stock.call(folder, "admin backup", [f"{{folder}}/{text}"]))
        harmless(stock.call(folder, "admin restore", [f"{{folder}}/no {text}"]))
        (folder / f"x{text}").write_text(f'{{"{text}\n{text}\n{{"resourceType": "{text}"}}\n')
        for more in ((), ("--json",)):
            harmless(stock.call(folder, "data import fhir", [f"{{folder}}/x{text}"], *more))
        harmless(stock.run(["--db", str(folder / f"d{text}"), "schedule", "day"]))
        harmless(stock.run(["--as", f"n{text}", "--db", str(folder / "clinic.db"),
                            "schedule", "day"]))  # fmt: skip
        for line in ([f"g{text}"], ["schedule", f"c{text}"], ["schedule", "day", f"--o{text}"],
                     ["schedule", "day", "t", f"extra{text}"],
                     ["visits", "arrive", f"i{text}"]):  # fmt: skip
            harmless(stock.run(["--db", str(folder / "clinic.db"), *line]))
