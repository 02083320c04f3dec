"""The worker that empties the outbox: many at once, each by its own connection, answers kept.

No network inside an operation: a thing is taken out, carried, and only then is what came back
written. An inquiry may be asked twice without harm, so what timed out is asked again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deskterm.clock import utc_text
from deskterm.db.eligibility import Inquiry
from deskterm.db.outbox import Connection
from deskterm.errors import DesktermError, Invalid, NotFound
from deskterm.exchange.payers import folder
from deskterm.exchange.payers.carrier import Client, Parcel, Undelivered, send
from deskterm.exchange.x12.eligibility_answer import read_answers
from deskterm.exchange.x12.segments import Refused
from deskterm.office import connections, eligibility, outbox
from deskterm.office.desk import Desk
from deskterm.office.outbox import Item

AT_ONCE = 50
LOOK_SECONDS = 0.5
_NUMBER = uuid.UUID("5f0e3a3e-6a0b-4c5d-9b1e-2a1d8d3f7c11")


@dataclass
class Tally:
    """What a run of the worker did."""

    answered: int = 0
    sent: int = 0
    retried: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)


async def drain(
    desk: Desk, *, once: bool = True, at_once: int = AT_ONCE,
    stopping: Callable[[], bool] = lambda: False,
) -> Tally:  # fmt: skip
    """Send what is ready and keep what comes back; ``once``: until nothing more is ready.

    Without ``once`` it goes on until ``stopping`` says so, and finishes what it holds.
    """
    tally, client = Tally(), Client()
    worker = f"{socket.gethostname()[:20]}-{os.getpid()}"
    running: set[asyncio.Task[None]] = set()
    try:
        while True:
            if not stopping():
                for item in outbox.claim(desk, worker, at_once - len(running)):
                    running.add(asyncio.create_task(_carry(desk, client, item, tally)))
                collect(desk, tally)
            if not running and (once or stopping()):
                return tally
            if running:
                done, running = await asyncio.wait(
                    running, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    task.result()
            else:
                await asyncio.sleep(LOOK_SECONDS)
    finally:
        for task in running:
            task.cancel()
        await client.close()


async def _carry(desk: Desk, client: Client, item: Item, tally: Tally) -> None:
    """One thing over its connection; what came of it is written."""
    connection = Connection.get_by_id(item.connection_id)
    try:
        route = connections.route(desk.settings, connection)
        parcel = Parcel(
            item.kind, item.payload, str(uuid.uuid5(_NUMBER, item.key)), utc_text(desk.now())
        )
        answer = await send(client, route, parcel)
        if answer is None:
            outbox.sent(desk, item)
            tally.sent += 1
            return
        _keep(desk, item, answer)
        outbox.answered(desk, item, answer)
        tally.answered += 1
    except Undelivered as error:
        _gave_up(desk, item, error.message, tally, again=error.again, tries=connection.tries)
    except Refused as error:
        words = f"{error.message} (at {error.segment} {error.position})"
        _gave_up(desk, item, words, tally, again=True, tries=connection.tries)
    except NotFound as error:
        _gave_up(desk, item, error.message, tally, again=True, tries=connection.tries)
    except DesktermError as error:
        _gave_up(desk, item, error.message, tally, again=False, tries=connection.tries)


def _keep(desk: Desk, item: Item, answer: str) -> None:
    """Write down what an answer says, by what was asked. Raises Refused, NotFound, Conflict."""
    if item.kind != "270":
        return
    inquiry = Inquiry.get_or_none(Inquiry.id == item.about_id)
    if inquiry is None:
        raise Invalid("The question is gone", "Ask again")
    found = read_answers(answer)
    given_back = {t for a in found.answers for p in a.people for t in p.traces}
    given_back |= {a.reference for a in found.answers if a.reference}
    if (
        found.answers
        and given_back
        and inquiry.trace not in given_back
        and any(t.startswith("DT") for t in given_back)
    ):
        raise NotFound("The answer is to another question", "It is asked again")
    eligibility.stored_answers(
        desk, answer, source=f"connection {item.connection_id}", trace=inquiry.trace
    )


def _gave_up(desk: Desk, item: Item, words: str, tally: Tally, *, again: bool, tries: int) -> None:
    if outbox.failed(desk, item, words, again=again, tries=tries):
        tally.retried += 1
        return
    tally.failed += 1
    tally.problems.append(words)
    if item.kind == "270" and item.about_id is not None:
        with contextlib.suppress(DesktermError):
            eligibility.no_answer(desk, item.about_id, words)


def collect(desk: Desk, tally: Tally) -> None:
    """Read the answers that came into folders. A file that cannot be read is put aside."""
    for connection in Connection.select().where(
        (Connection.kind == "folder") & (Connection.active == True)  # noqa: E712
    ):
        try:
            for path, text in folder.arrived(Path(connection.url), now=time.time()):
                _collect_one(desk, path, text, tally)
        except Undelivered as error:
            if error.message not in tally.problems:
                tally.problems.append(error.message)


def _collect_one(desk: Desk, path: Path, text: str, tally: Tally) -> None:
    try:
        kept = eligibility.stored_answers(desk, text, source=path.name, method="file")
    except DesktermError as error:
        tally.problems.append(error.message)
        folder.done(path, refused=True)
        return
    tally.answered += len(kept)
    folder.done(path)
