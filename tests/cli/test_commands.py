"""The batch commands: their shapes are a public interface, their errors are sentences."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from peewee import sqlite3 as driver  # type: ignore[attr-defined]
from typer.testing import CliRunner

from deskterm.cli.main import app
from deskterm.clock import Clock, local
from deskterm.config import Settings
from deskterm.office import clinic as clinics
from deskterm.office import journal_report, templates
from tests.factories import clinic

Run = Callable[..., Any]
RUNNER = CliRunner()
ZONE = "America/Chicago"


def next_workday() -> date:
    day = local(Clock().now(), ZONE).date() + timedelta(days=7)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A clinic on the real clock, because every command opens it anew."""
    path = tmp_path / "clinic.db"
    (tmp_path / "deskterm.toml").write_text("[policy]\nown_void_alone = true\n")
    desk = clinics.init(Settings(database=str(path)), login="mlopez", name="Maria", clock=Clock())
    made = clinic(desk)
    made.patient(last="SMITH", first="JOAN")
    for weekday in range(5):
        templates.set_template(desk, "LEE", "MAIN", weekday, 480, 1020, starts_on=date(2025, 1, 1))
    desk.close()
    return path


@pytest.fixture
def run(path: Path) -> Iterator[Run]:
    def call(*arguments: object, code: int = 0, login: str = "mlopez") -> Any:
        words = ["--db", str(path), "--as", login, *map(str, arguments)]
        done = RUNNER.invoke(app, words)
        assert done.exit_code == code, (words, done.exit_code, done.output, done.exception)
        assert "Traceback" not in done.output
        if code == 0 and "--json" in words:
            return json.loads(done.stdout)
        return done

    yield call


def book(run: Run, hour: int = 9, **more: object) -> Any:
    at = f"{next_workday()} {hour:02}:00"
    extra = [f"--{k}={v}" for k, v in more.items()]
    return run("schedule", "book", 1, "--type", "FU", "--provider", "LEE", "--at", at, "--json",
               *extra)  # fmt: skip


def test_find_has_the_promised_keys(run: Run) -> None:
    found = run("patients", "find", "smi jo", "--json")
    assert len(found) == 1
    assert {"id", "mrn", "name", "dob", "phones"} <= set(found[0])
    assert found[0]["dob"] == "1982-03-14"
    assert found[0]["phones"] == ["+12175550142"]


def test_a_visit_from_opening_to_cancelling(run: Run) -> None:
    day = next_workday()
    first = run("schedule", "open", "--type", "FU", "--from", day, "--json")[0]
    assert set(first) == {"start", "minutes", "provider", "location"}
    visit = run("schedule", "book", 1, "--type", "FU", "--provider", "LEE", "--at",
                first["start"], "--json")  # fmt: skip
    rows = run("schedule", "day", day, "--json")
    assert [r["id"] for r in rows] == [visit["id"]]
    promised = "id start minutes provider patient_id patient visit_type lifecycle confirmation"
    assert {*promised.split(), "stage", "clearance", "version"} <= set(rows[0])
    moved = run("schedule", "move", visit["id"], "--at", f"{day} 14:00", "--json")
    assert moved["start"].endswith("14:00") and moved["id"] != visit["id"]
    done = run("schedule", "cancel", moved["id"], "--by", "patient", "--reason", "sick", "--json")
    assert done["lifecycle"] == "cancelled"


def test_the_same_key_books_once(run: Run) -> None:
    assert book(run, key="k1")["id"] == book(run, key="k1")["id"]


def test_a_taken_slot_is_exit_code_5(run: Run) -> None:
    book(run)
    at = f"{next_workday()} 09:00"
    done = run("schedule", "book", 1, "--type", "FU", "--provider", "LEE", "--at", at, "--json",
               code=5)  # fmt: skip
    assert json.loads(done.stderr)["error"] == "conflict"


def test_a_split_payment_its_receipt_and_its_void(run: Run) -> None:
    tenders = ("--tender", "cash:25.00", "--tender", "card:15.00:visa:1234:A1B2C3")
    paid = run("pay", "take", 1, *tenders, "--for", "copay", "--key", "p1", "--json")
    assert paid["total_cents"] == 4000
    again = run("pay", "take", 1, *tenders, "--for", "copay", "--key", "p1", "--json")
    assert again == paid
    text = run("pay", "receipt", paid["receipt"]).stdout
    assert "DUPLICATE" in text and "1234" in text and "40.00" in text
    void = run("pay", "void", paid["receipt"], "--reason", "wrong_amount", "--json")
    assert void["total_cents"] == -4000 and void["receipt"] != paid["receipt"]
    run("pay", "void", paid["receipt"], "--reason", "wrong_amount", code=5)


def test_a_message_is_taken_listed_and_closed(run: Run) -> None:
    taken = run("messages", "add", "needs lisinopril 10", "--topic", "rx", "--patient", 1,
                "--callback", "217-555-0142", "--json")  # fmt: skip
    assert [m["id"] for m in run("messages", "list", "--pool", "RN", "--json")] == [taken["id"]]
    run("messages", "close", taken["id"], "--outcome", "called")
    assert run("messages", "list", "--pool", "RN", "--json") == []


def test_the_journal_shows_and_verifies(run: Run) -> None:
    book(run)
    entries = run("journal", "show", "--patient", 1, "--json")
    assert any(e["operation"] == "appointment.book" for e in entries)
    assert run("journal", "verify", "--json")["ok"] is True


def test_register_and_show(run: Run) -> None:
    new = run("patients", "register", "--last", "O'Neil", "--first", "Zoë", "--born", "031482",
              "--phone", "217-555-0177", "--json")  # fmt: skip
    shown = run("patients", "show", new["id"], "--json")
    assert (shown["last_name"], shown["first_name"], shown["dob"]) == (
        "O'Neil",
        "Zoë",
        "1982-03-14",
    )


def test_backup_and_restore(run: Run, tmp_path: Path) -> None:
    run("admin", "backup", tmp_path / "b.db")
    book(run)
    run("admin", "restore", tmp_path / "b.db")
    assert run("schedule", "day", next_workday(), "--json") == []


def test_doctor_speaks(run: Run) -> None:
    levels = {c["level"] for c in run("admin", "doctor", "--json")}
    assert levels <= {"OK", "WARN"}


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (2, ["schedule", "nonsense"]),
        (2, ["patients", "show", "abc"]),
        (2, ["patients", "find"]),
        (3, ["patients", "show", "99999"]),
        (3, ["patients", "show", "9" * 30]),
        (3, ["schedule", "move", "99999", "--at", "2030-01-01 10:00"]),
        (3, ["pay", "receipt", "R-000000-999"]),
        (3, ["visits", "arrive", "99999"]),
        (3, ["messages", "close", "99999", "--outcome", "done"]),
        (4, ["schedule", "day", "2/30"]),
        (4, ["schedule", "day", "[red]"]),
        (4, ["schedule", "day", "t+99999999w"]),
        (4, ["schedule", "book", "1", "--type", "FU", "--provider", "LEE", "--at", "soon"]),
        (4, ["patients", "register", "--last", "A\x1b[2J", "--first", "B", "--born", "031482"]),
        (4, ["patients", "register", "--last", "A\u202eB", "--first", "B", "--born", "031482"]),
        (4, ["patients", "register", "--last", "", "--first", "B", "--born", "031482"]),
        (4, ["patients", "register", "--last", "A" * 500, "--first", "B", "--born", "031482"]),
        (4, ["patients", "register", "--last", "A", "--first", "B", "--born", "02/29/1983"]),
        (4, ["patients", "register", "--last", "A", "--first", "B", "--born", "01/01/2090"]),
        (4, ["pay", "take", "1", "--tender", "cash:-5", "--for", "copay"]),
        (4, ["pay", "take", "1", "--tender", "cash:1e9", "--for", "copay"]),
        (4, ["pay", "take", "1", "--tender", "cash:abc", "--for", "copay"]),
        (
            4,
            ["pay", "take", "1", "--tender", "card:5:visa:4242424242424242:A1B2", "--for", "copay"],
        ),
        (4, ["pay", "receipt", "R-1", "--columns", "7"]),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    run: Run, path: Path, code: int, arguments: list[str]
) -> None:
    before = run("journal", "verify", "--json")["head"]
    done = run(*arguments, code=code)
    assert "\x1b" not in done.output and "\u202e" not in done.output
    assert run("journal", "verify", "--json")["head"] == before


def test_someone_unknown_may_do_nothing(run: Run) -> None:
    run("schedule", "day", code=6, login="nobody")


def test_no_database_yet(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, ["--db", str(tmp_path / "none.db"), "schedule", "day"])
    assert done.exit_code == 3 and "admin init" in done.stderr
    assert not (tmp_path / "none.db").exists()


def test_not_a_database(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("this is a letter, not a database\n" * 100)
    (tmp_path / "x.db").chmod(0o600)
    done = RUNNER.invoke(app, ["--db", str(tmp_path / "x.db"), "schedule", "day"])
    assert done.exit_code == 7 and "not a deskterm database" in done.stderr


def test_daylight_saving_hours(run: Run, path: Path) -> None:
    year = local(Clock().now(), ZONE).year + 1
    march = next(date(year, 3, d) for d in range(8, 15) if date(year, 3, d).weekday() == 6)
    done = run("schedule", "book", 1, "--type", "FU", "--provider", "LEE", "--at",
               f"{march} 02:30", "--json", code=4)  # fmt: skip
    assert "does not exist" in json.loads(done.stderr)["message"]


def test_fhir_import_counts_add_up(run: Run, tmp_path: Path) -> None:
    good = {"resourceType": "Patient", "id": "1", "birthDate": "1980-01-02",
            "name": [{"family": "Example", "given": ["Pat"]}]}  # fmt: skip
    lines = [json.dumps(good), "{broken", json.dumps({"resourceType": "Patient", "id": "2"})]
    (tmp_path / "p.ndjson").write_text("\n".join(lines) + "\n")
    value = run("data", "import", "fhir", tmp_path / "p.ndjson", "--json")
    assert (value["read"], value["created"], len(value["rejected"])) == (3, 1, 2)
    assert {"file", "line", "reason"} <= set(value["rejected"][0])
    assert run("data", "import", "fhir", tmp_path / "p.ndjson", "--json")["created"] == 0


def test_datetime_helpers_are_strict() -> None:
    from deskterm.cli.session import the_moment
    from deskterm.errors import Invalid

    assert the_moment("2026-03-24 13:20") == datetime(2026, 3, 24, 13, 20)
    for bad in ("", "13:20", "2026-13-01 10:00", "२०२६-03-24 13:20"):
        with pytest.raises(Invalid):
            the_moment(bad)


def test_the_journal_is_verified_anchored_and_reported(run: Run, path: Path) -> None:
    (path.parent / "deskterm.toml").write_text('[anchors]\nfile = "anchors.txt"\n')
    run("patients", "show", 1)
    run("patients", "find", "smi")
    taken = run("journal", "anchor", "--json")
    assert {"seq", "hash", "count", "day", "cash_cents", "line", "paper"} <= set(taken)
    assert taken["line"] in (path.parent / "anchors.txt").read_text()
    verdict = run("journal", "verify", "--json")
    assert verdict["ok"] and verdict["anchors"] == 1 and verdict["faults"] == []
    rows = run("journal", "report", "--patient", 1, "--json")
    assert [r["what"] for r in rows][:2] == ['searched "smi"', "opened the record (patient)"]
    assert [r["operation"] for r in run("journal", "report", "--action", "journal", "--json")] == [
        "journal.view", "journal.anchor"
    ]  # fmt: skip
    assert run("journal", "report", "--person", "nobody", "--json") == []
    # with the file and its owner's rights, but not the anchors
    raw = driver.connect(str(path))
    raw.execute("DROP TRIGGER journal_no_delete")
    raw.execute("DELETE FROM journal WHERE seq >= ?", (taken["seq"],))
    raw.commit()
    raw.close()
    done = run("journal", "verify", "--json", code=5)
    bad = json.loads(done.stdout)
    assert {"guard", "anchor"} == {f["kind"] for f in bad["faults"]}
    assert all(f["do"] for f in bad["faults"]) and bad["next"]
    assert "1. Stop every desk" in run("journal", "verify", code=5).stdout


def test_a_report_s_cells_are_no_formulas(run: Run, path: Path, tmp_path: Path) -> None:
    run("patients", "find", "=1+1")
    file = tmp_path / "report.csv"
    done = run("journal", "report", "--csv", file, "--json")
    assert done["entries"] > 3 and file.stat().st_mode & 0o077 == 0
    with file.open(encoding="utf-8", newline="") as source:
        cells = [cell for row in csv.reader(source) for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]
    run("journal", "report", "--csv", file, code=5)
    assert run("journal", "report", "--action", "data.export", "--json")[0]["what"].startswith(
        "exported (journal to report.csv"
    )


@pytest.mark.parametrize(
    "text", ["=1", " +1", "-1", "@x", "\t=1", "\r=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20x",
             "\u3000=1"],
)  # fmt: skip
def test_a_cell_like_a_formula_gets_a_mark_in_front(text: str) -> None:
    assert journal_report.guarded(text).startswith("'")
    assert journal_report.guarded("a" + text.strip()) == "a" + text.strip()


def test_the_review_is_listed_and_signed_off(run: Run) -> None:
    assert run("journal", "review", "--json")["signed_off"] == ""
    run("journal", "review", "--sign-off", "x", code=4)
    run("journal", "review", "--sign-off", "all explained")
    assert "by mlopez" in run("journal", "review", "--json")["signed_off"]
