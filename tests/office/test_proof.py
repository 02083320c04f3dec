"""Ten ways of tampering, flipped bits, and any change of any column: each is found."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from peewee import sqlite3  # type: ignore[attr-defined]

from bench.flips import flip, look, readable
from deskterm.clock import FrozenClock
from deskterm.config import Anchors, Settings
from deskterm.db import journal, schema
from deskterm.db.second_copies import COPIES
from deskterm.entry.money import TenderEntry
from deskterm.errors import NotAllowed
from deskterm.office import (
    anchors,
    credentials,
    drafts,
    images,
    journal_views,
    locking,
    payments,
    proof,
)
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic

Tamper = Callable[[sqlite3.Connection, Desk], None]
GUARDS = ("journal_no_update", "journal_no_delete", "journal_next")


@pytest.fixture
def house(desk: Desk, tmp_path: Path) -> Clinic:
    """A clinic with a patient, a visit and a payment in cash, and a file for anchors."""
    desk.settings = replace(desk.settings, anchors=Anchors(file="anchors.txt"))
    made = clinic(desk)
    joan = made.patient("SMITH", "JOAN")
    made.cover(joan)
    made.appointment(joan)
    payments.take(
        desk, joan.id, tenders=[TenderEntry("cash", 2500)], key="k1", purpose="copay",
        allow_prepayment=True, location="MAIN",
    )  # fmt: skip
    return made


def found(desk: Desk) -> list[proof.Finding]:
    return proof.examine(desk)


def kinds(desk: Desk) -> set[str]:
    return {finding.kind for finding in found(desk)}


def as_owner(desk: Desk, change: Tamper) -> None:
    """What somebody with the file can do: guards away, the change, guards put back as they were."""
    raw = sqlite3.connect(desk.settings.database_path, isolation_level=None)
    guards = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    raw.execute("BEGIN IMMEDIATE")
    for name, _ in guards:
        raw.execute(f"DROP TRIGGER {name}")
    change(raw, desk)
    for _, sql in guards:
        raw.execute(sql)
    raw.execute("COMMIT")
    raw.close()


def edit(raw: sqlite3.Connection, desk: Desk) -> None:
    raw.execute("UPDATE journal SET actor = 'nobody' WHERE seq = 4")


def remove(raw: sqlite3.Connection, desk: Desk) -> None:
    raw.execute("DELETE FROM journal WHERE seq = 4")


def remove_and_renumber(raw: sqlite3.Connection, desk: Desk) -> None:
    remove(raw, desk)
    for seq in range(5, journal.head(desk.database)[0] + 1):
        raw.execute("UPDATE journal SET seq = ? WHERE seq = ?", (seq - 1, seq))


def swap(raw: sqlite3.Connection, desk: Desk) -> None:
    raw.execute("UPDATE journal SET seq = -1 WHERE seq = 3")
    raw.execute("UPDATE journal SET seq = 3 WHERE seq = 4")
    raw.execute("UPDATE journal SET seq = 4 WHERE seq = -1")


def cut_tail(raw: sqlite3.Connection, desk: Desk) -> None:
    """The last entry goes, and so does all that it wrote."""
    last = journal.read(desk.database, newest_first=True, limit=1)[0]
    for change in last.changed:
        if change["before"] is None and change["after"]:
            raw.execute(f"DELETE FROM {change['table']} WHERE id = ?", (change["id"],))
    raw.execute("DELETE FROM journal WHERE seq = ?", (last.seq,))


def wipe(raw: sqlite3.Connection, desk: Desk) -> None:
    raw.execute("DELETE FROM journal")


def rewrite(raw: sqlite3.Connection, desk: Desk) -> None:
    """With the key: a true-looking chain in which somebody else took the payment."""
    entries = journal.read(desk.database)
    raw.execute("DELETE FROM journal")
    prev = journal.GENESIS
    for entry in entries:
        values = {**entry.__dict__, "prev_hash": prev}
        if entry.operation == "payment.take":
            values["actor"] = "somebody"
        forged = journal.Entry(**values)
        prev = values["hash"] = forged.sealed_hash(desk.secret)
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        raw.execute(f"INSERT INTO journal ({names}) VALUES ({marks})", list(values.values()))


# name -> how, and whether it is found without an anchor
TAMPERINGS: dict[str, tuple[Tamper, bool]] = {
    "edit": (edit, True),
    "delete in the middle": (remove, True),
    "delete and renumber": (remove_and_renumber, True),
    "swap": (swap, True),
    "cut the tail": (cut_tail, False),
    "wipe": (wipe, True),  # the records without entries tell
    "rewrite the whole chain": (rewrite, False),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_as_the_files_owner(house: Clinic, name: str) -> None:
    how, is_found_alone = TAMPERINGS[name]
    desk = house.desk
    with desk.operation("message.take") as op:  # something whose loss no sum shows
        from deskterm.db.tasks import Draft

        op.about(Draft(id=1))
        op.changes.append({"table": "draft", "id": 1, "before": None, "after": None})
    assert found(desk) == []
    as_owner(desk, how)
    assert bool(found(desk)) is is_found_alone


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_tampering_is_found_with_an_anchor(house: Clinic, name: str) -> None:
    how, _ = TAMPERINGS[name]
    anchors.take(house.desk)
    assert found(house.desk) == []
    as_owner(house.desk, how)
    assert found(house.desk)
    said = {f.fault for f in found(house.desk) if f.kind == "anchor"}
    if name in ("cut the tail", "wipe"):
        assert any("was anchored and is gone: the journal ends at" in words for words in said)
    elif name == "rewrite the whole chain":
        assert "is not the entry that was anchored: history was rewritten" in said


def test_where_an_entry_was_taken_out_is_said(house: Clinic) -> None:
    as_owner(house.desk, remove)
    chain = [(f.seq, f.fault) for f in found(house.desk) if f.kind == "chain"]
    assert chain == [(4, "entry 4 is missing"), (5, "does not follow the entry before it")]


def test_an_entry_of_another_copy_of_the_clinic_does_not_fit(house: Clinic) -> None:
    """Sealed with the same key, in another history: only the chain tells."""
    desk = house.desk
    entry = journal.read(desk.database)[3]
    other = {**entry.__dict__, "prev_hash": "ab" * 32, "actor": "somebody"}
    other["hash"] = journal.Entry(**other).sealed_hash(desk.secret)
    faults = list(journal.faults_of(journal.Entry(**other), desk.secret, 4, entry.prev_hash))
    assert [f["fault"] for f in faults] == ["does not follow the entry before it"]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE journal SET actor = 'x' WHERE seq = 2", "DELETE FROM journal WHERE seq = 2"],
)
def test_the_desks_own_connection_cannot(house: Clinic, statement: str) -> None:
    with pytest.raises(Exception, match="append-only"):
        house.desk.database.execute_sql(statement)


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_that_is_gone_or_does_nothing_is_found(house: Clinic, name: str) -> None:
    desk = house.desk
    sql = desk.rows("SELECT sql FROM sqlite_master WHERE name = ?", name)[0][0]
    desk.rows(f"DROP TRIGGER {name}")
    assert [f.fault for f in found(desk)] == [f"the guard {name} is missing"]
    desk.rows(f"CREATE TRIGGER {name} BEFORE INSERT ON journal WHEN 0 BEGIN SELECT 1; END")
    assert [f.fault for f in found(desk)] == [f"the guard {name} was changed"]
    desk.rows(f"DROP TRIGGER {name}")
    desk.rows(sql)
    assert found(desk) == []


@pytest.mark.parametrize(
    "column", [f.column_name for f in journal.JournalEntry._meta.sorted_fields]
)
def test_any_change_of_any_column_of_an_entry_is_found(house: Clinic, column: str) -> None:
    """Every entry, its values changed in every way that the column's type allows."""
    desk = house.desk
    is_whole = column in ("seq", "patient_id", "entity_id", "sealed", "mono")
    chance = random.Random(column)
    for entry in journal.read(desk.database)[:12]:
        value = getattr(entry, column)
        others: list[Any] = (
            [None]
            if column
            in ("key", "patient_id", "entity_id", "mono", "sealed", "boot", "session", "origin")
            else []
        )
        if is_whole:
            others += [(value or 0) + step for step in (1, -1, 1000)]
        else:
            text = value or ""
            place = chance.randrange(len(text) + 1)
            others += ["", text + " ", text[:place] + "~" + text[place:], text[:-1]]
        for other in others:
            if other == value or (column == "seq" and other < 1):
                continue
            changed = journal.Entry(**{**entry.__dict__, column: other})
            expected, prev = entry.seq, entry.prev_hash
            assert list(journal.faults_of(changed, desk.secret, expected, prev)), (column, other)
            assert not list(journal.faults_of(entry, desk.secret, expected, prev))


def test_an_entry_sealed_before_the_clock_was_kept_still_holds(house: Clinic) -> None:
    desk = house.desk
    last = journal.read(desk.database, newest_first=True, limit=1)[0]
    old = journal.Entry(**{**last.__dict__, "seq": last.seq + 1, "prev_hash": last.hash,
                           "key": None, "changes": "[]", "sealed": None, "mono": None,
                           "boot": None, "session": None, "origin": None})  # fmt: skip
    content = [old.seq, old.at, old.actor, old.desk, old.operation, old.patient_id, old.entity,
               old.entity_id, old.reason, old.key, old.changes]  # fmt: skip
    import hashlib
    import hmac

    text = old.prev_hash + json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    seal = hmac.new(desk.secret, text.encode(), hashlib.sha256).hexdigest()
    desk.rows(
        "INSERT INTO journal (seq, at, actor, desk, operation, patient_id, entity, entity_id,"
        " reason, key, changes, prev_hash, hash) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
        *content, old.prev_hash, seal,
    )  # fmt: skip
    house.patient("JONES", "SAM")
    assert found(desk) == []


CHANGES = {
    "payment": ("UPDATE payment SET total_cents = 2400", "payment 1 is not what was saved"),
    "tender": ("UPDATE tender SET kind = 'check'", "tender 1 is not what was saved: kind"),
    "allocation": ("DELETE FROM allocation", "allocation 1 is gone"),
    "patient": ("UPDATE patient SET alert = 'x'", "patient 1 is not what was saved: alert"),
    "phone": ("UPDATE patient_phone SET text_ok = 1", "phone 1 is not what was saved: text_ok"),
    "appointment": ("UPDATE appointment SET note = 'x'", "appointment 1 is not what was saved"),
    "new payment": (
        "CREATE TEMP TABLE forged AS SELECT * FROM payment;"
        " UPDATE forged SET id = 99, receipt = 'X', sequence = 2;"
        " INSERT INTO payment SELECT * FROM forged",
        "payment 99 has no entry that made it",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_records_and_entries_agree_both_ways(house: Clinic, name: str) -> None:
    statement, said = CHANGES[name]
    as_owner(house.desk, lambda raw, desk: [raw.execute(s) for s in statement.split(";")] and None)
    faults = [f.fault for f in found(house.desk)]
    assert any(fault.startswith(said) for fault in faults), faults


def test_an_entry_whose_record_was_never_there(house: Clinic) -> None:
    with house.desk.operation("payment.charge") as op:
        op.changes.append({"table": "charge", "id": 77, "before": None, "after": {"id": 77}})
    (finding,) = found(house.desk)
    assert (finding.kind, finding.fault) == ("record", "charge 77 is gone")


def test_what_is_changed_by_operations_agrees(house: Clinic, clock: FrozenClock) -> None:
    from deskterm.db.patients import Patient

    desk = house.desk
    for text in ("first", "", "third"):
        with desk.operation("patient.edit") as op:
            patient = op.get(Patient, 1)
            patient.alert = text
            op.save(patient)
    drafts.save(desk, key="d", form="call", heading="CALL", patient_id=1, subject_id=None, state={})
    assert found(desk) == []


def test_receipts_have_no_gap(house: Clinic) -> None:
    as_owner(house.desk, lambda raw, desk: raw.execute("UPDATE payment SET sequence = 2") and None)
    assert {"receipt", "record"} <= kinds(house.desk)


class SetClock(FrozenClock):
    """A clock of a machine whose wall clock can be set."""

    ahead = 0.0

    def now(self) -> Any:
        return super().now() + timedelta(seconds=self.ahead)

    def ticks(self) -> tuple[int, str]:
        return super().ticks()[0], "a-machine"


@pytest.mark.parametrize(
    ("step", "said"), [(-3600.0, "back by 3600.0 s"), (-2.5, "back by 2.5 s"), (90.0, "forward"),
                       (-1.5, ""), (1.5, "")],
)  # fmt: skip
def test_a_wall_clock_that_was_set_is_a_notice(house: Clinic, step: float, said: str) -> None:
    desk = house.desk
    desk.clock = clock = SetClock(desk.now())
    house.patient("JONES", "SAM")
    clock.advance(minutes=5)
    house.patient("JONES", "PAT")
    clock.ahead = step
    house.patient("JONES", "ANN")
    verdict = journal_views.verify(desk)
    assert verdict.ok
    assert [said in n["fault"] for n in verdict.notices] == [True] * bool(said)


def test_the_index_of_lists_is_compared(house: Clinic) -> None:
    desk = house.desk
    desk.views.listed("day", [1])
    desk.views.flush()
    assert found(desk) == []
    desk.rows("DELETE FROM journal_patient")
    assert kinds(desk) == {"list"}


def test_the_way_back_names_records_and_the_last_backup(house: Clinic, tmp_path: Path) -> None:
    from deskterm.office import backup

    desk = house.desk
    backup.backup(desk, tmp_path / "monday.db")
    as_owner(desk, lambda raw, _: raw.execute("UPDATE patient SET alert = 'x'") and None)
    verdict = journal_views.verify(desk)
    said = "\n".join(verdict.next)
    assert not verdict.ok
    assert "patient 1 is not what was saved: alert" in said
    assert "monday.db" in said and "admin restore" in said and "journal show --after" in said
    assert json.loads(json.dumps(verdict.as_dict()))["faults"][0]["do"]


def test_locking_and_pins_are_no_fault(house: Clinic) -> None:
    """Locked, tried with a wrong PIN, opened with the right one: that is an ordinary day."""
    desk = house.desk
    assert journal_views.verify(desk).ok
    credentials.set_secret(desk, desk.actor.login, secret="739142", kind="pin")
    locking.note(desk, "session.lock", "by hand")
    with pytest.raises(NotAllowed):
        credentials.check(desk, desk.actor.login, "111111", purpose="unlock")
    credentials.check(desk, desk.actor.login, "739142", purpose="unlock")
    locking.note(desk, "session.unlock", "")
    verdict = journal_views.verify(desk)
    assert verdict.ok, verdict.faults


def test_every_column_is_held_twice_somehow() -> None:
    """A new table must be journaled, worked out anew, or copied; else a flip in it is unseen."""
    known = set(images.covered()) | images.ELSEWHERE
    assert {model._meta.table_name for model in schema.MODELS} <= known
    for table, copied in COPIES.items():
        meta = next(m._meta for m in schema.MODELS if m._meta.table_name == table)
        indexed = {name for columns, _ in meta.indexes for name in columns}
        indexed |= {f.name for f in meta.sorted_fields if f.index or f.unique or f.primary_key}
        left = {
            f.column_name for f in meta.sorted_fields
            if f.name not in indexed and f.column_name not in copied
        }  # fmt: skip
        assert not left, (table, left)


def test_flipped_bits(house: Clinic, tmp_path: Path) -> None:
    """Some hundred flips over the whole file: whatever changed what can be read is found."""
    desk = house.desk
    drafts.save(desk, key="d", form="call", heading="CALL", patient_id=1, subject_id=None,
                state={"form": {"reason": "wants to move the visit"}})  # fmt: skip
    desk.views.listed("day", [1])
    desk.views.flush()
    desk.database.execute_sql("PRAGMA journal_mode = DELETE")
    path = desk.settings.database_path
    desk.database.close()
    whole, copy = path.read_bytes(), tmp_path / "copy.db"
    copy.write_bytes(whole)
    settings = Settings(database=str(copy))
    before = readable(copy)
    assert look(copy, desk.secret, settings) == []
    chance = random.Random(5)
    changed, missed = 0, []
    full = [n for n in range(0, len(whole), 4096) if any(whole[n + 200 : n + 4000])]
    for _ in range(300):
        place = (chance.choice(full) + chance.randrange(4096)) * 8 + chance.randrange(8)
        data = bytearray(whole)
        flip(data, place)
        copy.write_bytes(data)
        after = readable(copy)
        if after == before:
            continue
        changed += 1
        if not look(copy, desk.secret, settings):
            missed.append(place)
        for end in ("-wal", "-shm", "-journal", "-queue"):
            copy.with_name(copy.name + end).unlink(missing_ok=True)
    assert changed > 20
    assert not missed
