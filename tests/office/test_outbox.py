"""The outbox: sent exactly once, retried only where that is harmless, and never lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from peewee import IntegrityError

from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.db import journal
from deskterm.db.outbox import OutboxItem
from deskterm.errors import Conflict, DesktermError, Invalid, NotAllowed, NotFound
from deskterm.exchange.payers import trouble
from deskterm.office import break_glass, connection_secrets, connections, outbox, sending
from deskterm.office.connections import ConnectionEntry
from deskterm.office.desk import Desk, open_desk
from deskterm.office.outbox import Answered
from deskterm.office.outbox_handlers import Handler
from deskterm.office.proof import examine
from deskterm.office.sending import Sender, send_now
from tests import payer_simulator as sim
from tests.factories import become, clinic
from tests.payer_simulator import Answer, Payer


@pytest.fixture
def payer(tmp_path: Path) -> Iterator[Payer]:
    with Payer(tmp_path / "payer") as running:
        yield running


def keep_secret(desk: Desk, name: str = "stedi", text: str = "") -> None:
    folder = desk.settings.secrets_path
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / name).write_text(text or f"{sim.USER}\n{sim.PASSWORD}\n")
    (folder / name).chmod(0o600)


def connect(desk: Desk, payer: Payer, **values: Any) -> connections.ConnectionRow:
    keep_secret(desk)
    given = {"code": "STEDI", "kind": "core_soap", "url": payer.url("core_soap"),
             "secret": "file:stedi", "ca_file": payer.ca_file, "timeout_seconds": 20}  # fmt: skip
    return connections.add(desk, ConnectionEntry(**{**given, **values}))


def put(desk: Desk, trace: str = "T1", *, kind: str = "270", patient: int | None = None,
        connection: str = "STEDI") -> int:  # fmt: skip
    row = connections.get(desk, connection)
    with desk.operation("outbox.add", patient_id=patient) as op:
        return outbox.enqueue(
            op, kind=kind, connection_id=row.id, key=f"k-{trace}", trace=trace,
            payload=sim.question(trace), patient_id=patient,
        ).id  # fmt: skip


class Taken(list[Answered]):
    """Handlers that note what they were given."""

    def __init__(self) -> None:
        super().__init__()
        self.failed: list[Answered] = []

    def handlers(self) -> dict[str, Handler]:
        return {"270": Handler(lambda d, a: self.append(a), lambda d, a: self.failed.append(a))}


def drain(desk: Desk, taken: Taken | None = None, **given: Any) -> sending.Tally:
    """One run of a worker with a connection of its own."""
    handlers = (Taken() if taken is None else taken).handlers()
    sender = Sender(
        lambda: open_desk(desk.settings, login=desk.actor.login, clock=desk.clock),
        handlers=handlers, **given,
    )  # fmt: skip
    return asyncio.run(sender.run(once=True))


def only(desk: Desk, item_id: int) -> outbox.OutboxRow:
    return outbox.get(desk, item_id)


def test_an_item_is_sent_answered_and_taken_in_once(desk: Desk, payer: Payer) -> None:
    connect(desk, payer)
    item = put(desk)
    taken = Taken()
    assert drain(desk, taken).as_dict()["answered"] == 1
    row = only(desk, item)
    assert (row.state, row.handled, row.attempts, row.why) == ("answered", True, 1, "")
    assert [(a.id, a.trace, a.answer) for a in taken] == [(item, "T1", sim.active(payer.seen[0]))]
    assert outbox.texts(desk, item) == (sim.question("T1"), sim.active(payer.seen[0]))
    assert drain(desk, taken).answered == 0 and len(payer.seen) == len(taken) == 1
    assert outbox.listing(desk) == [] and examine(desk) == []


def test_the_same_key_is_the_same_item(desk: Desk, payer: Payer) -> None:
    connect(desk, payer)
    assert put(desk) == put(desk)
    with pytest.raises(IntegrityError):
        desk.database.execute_sql("UPDATE outbox_item SET payload = 'ISA'")
    with pytest.raises(IntegrityError):
        desk.database.execute_sql("DELETE FROM outbox_item")
    drain(desk)
    with pytest.raises(IntegrityError):
        desk.database.execute_sql("UPDATE outbox_item SET answer = 'ISA'")


def test_neither_secrets_nor_transactions_are_in_the_journal_and_no_secret_in_the_file(
    desk: Desk, payer: Payer
) -> None:
    connect(desk, payer)
    put(desk)
    drain(desk)
    said = "".join(str(e.changed) for e in journal.read(desk.database))
    assert "STEDI" in said and "W123456789" not in said and sim.PASSWORD not in said
    desk.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in desk.settings.database_path.parent.glob("clinic.db*"):
        assert sim.PASSWORD.encode() not in path.read_bytes(), path.name


def test_what_may_pass_is_tried_again_later_and_later_and_then_no_more(
    desk: Desk, payer: Payer, clock: FrozenClock
) -> None:
    connect(desk, payer, retries=3)
    item = put(desk)
    payer.answers = lambda x12: Answer(how="status", status=503)
    taken = Taken()
    waits = []
    for _ in range(3):
        assert drain(desk, taken).again == 1
        row = only(desk, item)
        assert row.state == "queued" and row.failure == "http" and "503" in row.why
        waits.append((row.next_at - desk.wall()).total_seconds())
        assert drain(desk, taken).as_dict() == sending.Tally().as_dict(), "not before its time"
        clock.advance(seconds=waits[-1] + 1)
    assert waits[0] < waits[1] < waits[2] and 20 < waits[0] < 40
    assert drain(desk, taken).failed == 1 and len(payer.seen) == 4
    assert only(desk, item).state == "failed" and only(desk, item).needs_somebody
    assert [a.failure for a in taken.failed] == ["http"] and not taken
    payer.answers = lambda x12: Answer(sim.active(x12))
    outbox.retry(desk, item)
    assert drain(desk, taken).answered == 1 and only(desk, item).state == "answered"
    assert examine(desk) == []


@pytest.mark.parametrize(
    "answer, failure",
    [
        (lambda x12: Answer(how="html"), "not_x12"),
        (lambda x12: Answer(sim.active(x12, trace="OTHER")), "wrong_trace"),
        (lambda x12: Answer(how="core_error", code="PayloadTypeNotSupported"), "core"),
        (lambda x12: Answer(how="status", status=401), "http"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(
    desk: Desk, payer: Payer, answer: Any, failure: str
) -> None:
    connect(desk, payer)
    item = put(desk)
    payer.answers = answer
    assert drain(desk).failed == 1
    row = only(desk, item)
    assert (row.state, row.failure) == ("failed", failure) and row.why
    assert outbox.texts(desk, item)[1] == ""


def test_an_acknowledgment_is_kept_with_the_failure(desk: Desk, payer: Payer) -> None:
    connect(desk, payer)
    item = put(desk)
    payer.answers = lambda x12: Answer(sim.acknowledgment(x12))
    drain(desk)
    assert only(desk, item).state == "failed" and "999" in only(desk, item).why
    assert outbox.texts(desk, item)[1] == sim.acknowledgment("")


def test_a_timeout_of_what_must_not_be_done_twice_waits_for_a_person(
    desk: Desk, payer: Payer
) -> None:
    connect(desk, payer)
    inquiry, request = put(desk, "T1"), put(desk, "T2", kind="278")
    payer.answers = lambda x12: Answer(how="reset")
    done = drain(desk)
    assert (done.again, done.failed) == (1, 1)
    assert only(desk, inquiry).state == "queued"
    assert only(desk, request).state == "failed" and "may have arrived" in only(desk, request).why


def test_what_never_left_is_sent_again_whatever_it_is(desk: Desk, payer: Payer) -> None:
    connect(desk, payer, url="https://127.0.0.1:9/core")
    item = put(desk, kind="278")
    assert drain(desk).again == 1 and only(desk, item).failure == "refused"


def test_a_worker_that_dies_leaves_an_inquiry_to_the_next_and_a_request_to_a_person(
    desk: Desk, payer: Payer, clock: FrozenClock
) -> None:
    connect(desk, payer)
    inquiry, request = put(desk, "T1"), put(desk, "T2", kind="278")
    dead = outbox.claim(desk, holder="dead", limit=9)
    assert [job.id for job in dead] == [inquiry, request]
    assert only(desk, inquiry).state == "sending"
    assert outbox.claim(desk, holder="other", limit=9) == []
    with pytest.raises(Conflict, match="being sent"):
        outbox.retry(desk, inquiry)
    clock.advance(seconds=200)
    assert [job.id for job in outbox.claim(desk, holder="other", limit=9)] == [inquiry]
    assert only(desk, request).state == "failed" and "ask the payer" in only(desk, request).why
    # The dead one comes back: what it says of an item that is not its own any more is not taken.
    with pytest.raises(Conflict):
        outbox.failed(desk, dead[0], trouble.TimedOut("late", ""))
    assert outbox.answered(desk, inquiry, sim.active(sim.question())) is not None
    assert outbox.answered(desk, inquiry, "ISA again") is None
    assert examine(desk) == []


def test_two_workers_never_send_the_same(desk: Desk, payer: Payer) -> None:
    connect(desk, payer)
    for number in range(40):
        put(desk, f"T{number}")
    start = threading.Barrier(3)

    def one(_: int) -> list[int]:
        other = open_desk(desk.settings, login=desk.actor.login, clock=desk.clock)
        start.wait()
        jobs: list[int] = []
        while more := outbox.claim(other, holder=f"worker {_}", limit=3):
            jobs += [job.id for job in more]
        other.database.close()
        return jobs

    with ThreadPoolExecutor(3) as pool:
        taken = [item for mine in pool.map(one, range(3)) for item in mine]
    assert len(taken) == len(set(taken)) == 40


def test_many_are_asked_at_once(desk: Desk, payer: Payer) -> None:
    """The payer holds every answer until ten questions are there: one by one it would starve."""
    connect(desk, payer, at_once=32)
    for number in range(10):
        put(desk, f"T{number}")
    payer.hold = lambda: len(payer.seen) < 10
    assert drain(desk).answered == 10
    assert payer.most_at_once == 10


def test_told_to_stop_it_finishes_what_is_on_the_wire(desk: Desk, payer: Payer) -> None:
    connect(desk, payer)
    items = [put(desk, f"T{n}") for n in range(4)]
    stop = asyncio.Event()
    payer.hold = lambda: not stop.is_set()

    async def go() -> sending.Tally:
        sender = Sender(
            lambda: open_desk(desk.settings, login="mlopez", clock=desk.clock), workers=2,
            handlers={},
        )  # fmt: skip
        run = asyncio.ensure_future(sender.run(stop=stop))
        while len(payer.seen) < 2:
            await asyncio.sleep(0.01)
        stop.set()
        return await run

    done = asyncio.run(go())
    assert done.answered == 2
    assert [only(desk, i).state for i in items] == ["answered"] * 2 + ["queued"] * 2


def test_an_answer_that_cannot_be_taken_in_is_kept_and_taken_in_later(
    desk: Desk, payer: Payer
) -> None:
    connect(desk, payer)
    item = put(desk)

    def broken(desk: Desk, answered: Answered) -> None:
        raise Invalid("No such coverage any more", "")

    def run(take: Any) -> None:
        make = lambda: open_desk(desk.settings, login="mlopez", clock=desk.clock)  # noqa: E731
        asyncio.run(Sender(make, handlers={"270": Handler(take)}).run(once=True))

    run(broken)
    row = only(desk, item)
    assert (row.state, row.word, row.why) == (
        "answered",
        "not taken in",
        "No such coverage any more",
    )
    assert [r.id for r in outbox.listing(desk)] == [item]
    taken: list[Answered] = []
    run(lambda d, a: taken.append(a))
    assert len(taken) == 1 and only(desk, item).handled and len(payer.seen) == 1
    assert outbox.listing(desk) == []


def test_now_from_a_desk(desk: Desk, payer: Payer, clock: FrozenClock) -> None:
    connect(desk, payer)
    item = put(desk)
    taken = Taken()
    payer.answers = lambda x12: Answer(how="status", status=503)
    assert send_now(desk, item, handlers=taken.handlers()).word == "again later"
    payer.answers = lambda x12: Answer(sim.rejected(x12, "75"))
    row = send_now(desk, item, handlers=taken.handlers())  # not waiting until it is due
    assert row.state == "answered" and "AAA*N**75" in taken[0].answer
    with pytest.raises(Conflict):
        send_now(desk, item)
    with pytest.raises(NotFound):
        send_now(desk, 99)


def test_giving_up(desk: Desk, payer: Payer) -> None:
    connect(desk, payer)
    item = put(desk)
    with pytest.raises(Invalid):
        outbox.give_up(desk, item, reason=" ")
    assert outbox.give_up(desk, item, reason="asked by phone").state == "given_up"
    assert drain(desk).answered == 0 and payer.seen == []
    with pytest.raises(Conflict):
        outbox.give_up(desk, item, reason="again")


def test_a_restricted_patients_insurance_is_asked_about_and_shown_to_nobody(
    desk: Desk, payer: Payer
) -> None:
    made = clinic(desk)
    patient = made.patient("VIP", "VERA")
    connect(desk, payer)
    item = put(desk, patient=patient.id)
    break_glass.restrict(desk, patient.id, reason="well known")
    clerk = become(desk, "front_desk")
    shown = outbox.listing(clerk)
    assert "VIP" not in str(shown) and "RESTRICTED" in shown[0].patient
    with pytest.raises(NotAllowed):
        outbox.texts(clerk, item)
    with pytest.raises(NotAllowed):
        outbox.retry(clerk, item)
    worker = open_desk(desk.settings, login=clerk.actor.login, clock=desk.clock)
    asyncio.run(Sender(lambda: worker, handlers={}).run(once=True))
    assert desk.rows("SELECT state FROM outbox_item") == [("answered",)]


def test_a_batch_goes_by_folder_and_comes_back_in_one_file(
    desk: Desk, tmp_path: Path, clock: FrozenClock
) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    connections.add(desk, ConnectionEntry("NIGHT", "folder", str(drop)))
    items = [put(desk, f"T{n}", connection="NIGHT") for n in range(3)]
    taken = Taken()
    assert drain(desk, taken).sent == 3
    assert {only(desk, i).state for i in items} == {"waiting"}
    files = sorted((drop / "out").iterdir())
    assert len(files) == 3 and all(f.read_text().startswith("ISA") for f in files)
    both = "".join(sim.active(sim.question(f"T{n}")) for n in (0, 2))
    (drop / "in" / "batch.271").write_text(both)
    (drop / "in" / "else.271").write_text(sim.active(sim.question("UNKNOWN")))
    (drop / "in" / "junk").write_text("hello")
    done = drain(desk, taken)
    assert (done.answered, done.odd, done.sent) == (2, 2, 0)
    assert [only(desk, i).state for i in items] == ["answered", "waiting", "answered"]
    assert sorted(a.trace for a in taken) == ["T0", "T2"]
    assert all("TRN*2*T" in a.answer and a.answer.count("ISA*") == 1 for a in taken)
    assert [p.name for p in (drop / "done").iterdir()] == ["batch.271"]
    assert sorted(p.name for p in (drop / "odd").iterdir()) == ["else.271", "junk"]
    (drop / "in" / "batch.271").write_text(both)  # the same again: nothing twice
    assert drain(desk, taken).answered == 0 and len(taken) == 2


def test_a_folder_that_went_away_keeps_the_items(desk: Desk, tmp_path: Path) -> None:
    connections.add(desk, ConnectionEntry("NIGHT", "folder", str(tmp_path / "gone")))
    item = put(desk, connection="NIGHT")
    assert drain(desk).failed == 1 and only(desk, item).failure == "setup"


# Connections


def test_a_payer_is_reached_by_its_own_connection_else_by_the_one_for_all(desk: Desk) -> None:
    add = lambda code, payers: connections.add(  # noqa: E731
        desk, ConnectionEntry(code, "json", "https://x.example/", payers=payers)
    )
    assert connections.for_payer(desk, "60054") is None
    add("ALL", "*")
    add("OWN", "60054, 87726")
    assert [connections.for_payer(desk, p).code for p in ("60054", "1", "")] == [
        "OWN",
        "ALL",
        "ALL",
    ]  # type: ignore[union-attr]
    with pytest.raises(Conflict):
        add("MORE", "87726")
    connections.set_active(desk, "OWN", active=False, reason="contract ended")
    assert connections.for_payer(desk, "60054").code == "ALL"  # type: ignore[union-attr]
    add("MORE", "87726")
    with pytest.raises(Conflict):
        connections.set_active(desk, "OWN", active=True)


@pytest.mark.parametrize(
    "values",
    [
        {"url": "http://x.example/"}, {"url": "https://u:p@x.example/"}, {"code": "A B"},
        {"secret": "sesame-4417"}, {"secret": "file:../../etc/shadow"}, {"secret": "env:HOME"},
        {"timeout_seconds": 0}, {"at_once": 9999}, {"payers": " "}, {"fields": {"body": "x"}},
        {"kind": "smtp"}, {"kind": "folder", "url": "sftp://x.example/"},
    ],
)  # fmt: skip
def test_what_is_no_connection_is_refused(desk: Desk, values: dict[str, Any]) -> None:
    entry = replace(ConnectionEntry("A", "json", "https://x.example/"), **values)
    with pytest.raises(Invalid) as caught:
        connections.add(desk, entry)
    assert "sesame" not in caught.value.message
    assert connections.listing(desk) == []


def test_changing_one(desk: Desk) -> None:
    connections.add(desk, ConnectionEntry("A", "json", "https://x.example/"))
    assert connections.edit(desk, "A", timeout_seconds=9).timeout_seconds == 9
    with pytest.raises(Invalid):
        connections.edit(desk, "A", url="http://x.example/")
    with pytest.raises(NotAllowed):
        connections.edit(become(desk, "front_desk"), "A", timeout_seconds=3)


def test_looking_whether_it_can_be_used(desk: Desk, payer: Payer) -> None:
    connect(desk, payer)
    assert [(c.what, c.good) for c in connections.check(desk, "STEDI")] == [
        ("address", True), ("secret", True), ("reached", True),
    ]  # fmt: skip
    connections.edit(desk, "STEDI", ca_file="")
    assert [(c.what, c.good) for c in connections.check(desk, "STEDI")][-1] == ("tls", False)
    connections.edit(desk, "STEDI", secret="file:none")
    assert [(c.what, c.good) for c in connections.check(desk, "STEDI")][-1] == ("setup", False)
    assert payer.seen == []


def test_where_a_secret_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(database=str(tmp_path / "clinic.db"))
    (tmp_path / "secrets").mkdir()
    key = tmp_path / "secrets" / "key"
    key.write_text("abc-key\n")
    key.chmod(0o600)
    assert connection_secrets.read(settings, "file:key").password == "abc-key"
    monkeypatch.setenv("DESKTERM_SECRET_X", "me\nword")
    found = connection_secrets.read(settings, "env:DESKTERM_SECRET_X")
    assert (found.user, found.password) == ("me", "word") and "word" not in repr(found)
    with pytest.raises(trouble.Unset):
        connection_secrets.read(settings, "credential:key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "secrets"))
    assert connection_secrets.read(settings, "credential:key").password == "abc-key"
    (tmp_path / "secrets" / "link").symlink_to(key)
    for bad in ("file:none", "file:link", "env:DESKTERM_SECRET_NONE"):
        with pytest.raises(trouble.Unset):
            connection_secrets.read(settings, bad)
    key.chmod(0o640)
    with pytest.raises(trouble.Unset, match="Other accounts"):
        connection_secrets.read(settings, "file:key")


def test_a_secret_that_is_not_there_fails_and_is_found_again(desk: Desk, payer: Payer) -> None:
    connect(desk, payer)
    keep_secret(desk, text="clinic\nwrong")
    item = put(desk)
    assert drain(desk).failed == 1 and "401" in only(desk, item).why
    keep_secret(desk)
    outbox.retry(desk, item)
    assert drain(desk).answered == 1


def test_only_whole_transactions_of_one_kind_are_put_in(desk: Desk, payer: Payer) -> None:
    connect(desk, payer)
    good = sim.question("T5")
    row = outbox.add(desk, kind="270", connection="STEDI", payload=good, key="a")
    assert row.trace == "T5"
    for payload, kind in ((good[:-9], "270"), (good, "278"), ("hello", "270"), (good * 2, "270")):
        with pytest.raises(DesktermError):
            outbox.add(desk, kind=kind, connection="STEDI", payload=payload, key="b")
    with pytest.raises(NotFound):
        outbox.add(desk, kind="270", connection="NONE", payload=good, key="b")
    assert OutboxItem.select().count() == 1
