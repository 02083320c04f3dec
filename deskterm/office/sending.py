"""The worker that empties the outbox: many questions at once, and never at a desk's expense.

The network is one event loop; everything with the database is one other thread with a connection
of its own, so that a busy file holds up no answer and an answer holds up no desk. Told to stop,
it takes nothing new and finishes what is on the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from deskterm.errors import Busy, Conflict, DesktermError, Unreachable
from deskterm.exchange.payers import folder, interchange, trouble
from deskterm.exchange.payers.line import Line
from deskterm.exchange.payers.values import Question, Secret
from deskterm.office import connections, outbox, outbox_handlers
from deskterm.office.connections import ConnectionRow
from deskterm.office.desk import Desk
from deskterm.office.outbox import Answered, Job, OutboxRow
from deskterm.office.outbox_handlers import Handler

T = TypeVar("T")
WORKERS = 64
POLL = 2.0  # seconds between two looks for work
COLLECT = 60.0  # seconds between two looks into a batch folder
_TRIES, _PAUSE = 20, 0.5  # how long an answer is held while the database does not answer


@dataclass
class Tally:
    """What one run came to."""

    answered: int = 0
    again: int = 0
    failed: int = 0
    sent: int = 0
    odd: int = 0
    not_taken_in: int = 0

    def as_dict(self) -> dict[str, int]:
        """The numbers by name."""
        return asdict(self)


class Sender:
    """One worker. ``open_desk`` is called in the thread that will use the desk."""

    def __init__(
        self,
        open_desk: Callable[[], Desk],
        *,
        kinds: Collection[str] = (),
        workers: int = WORKERS,
        handlers: Mapping[str, Handler] | None = None,
    ) -> None:
        self._open_desk = open_desk
        self._kinds = tuple(kinds)
        self._workers = workers
        self._handlers = outbox_handlers.handlers() if handlers is None else handlers
        self._thread = ThreadPoolExecutor(1, "outbox")
        self._desk: Desk | None = None
        self._lines: dict[tuple[int, int], asyncio.Future[Line]] = {}
        self._open = contextlib.AsyncExitStack()
        self.holder = f"{socket.gethostname()[:20]}-{os.getpid()}-{secrets.token_hex(4)}"
        self.tally = Tally()

    async def run(self, *, once: bool = False, stop: asyncio.Event | None = None) -> Tally:
        """Send what is due, for ever or until nothing is (``once``); ``stop`` ends it early.

        Raises what keeps the clinic's file from being opened.
        """
        stop = stop or asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()
        stopped = asyncio.ensure_future(stop.wait())
        try:
            await self._begin()
            collect_at = 0.0
            loop = asyncio.get_running_loop()
            while not stop.is_set():
                room = self._workers - len(tasks)
                jobs = await self._look(room)
                batches = [job for job in jobs if job.connection.kind == "folder"]
                tasks |= {asyncio.create_task(self._one(j)) for j in jobs if j not in batches}
                if batches or loop.time() >= collect_at:
                    await self._batches(batches)
                    collect_at = loop.time() + COLLECT
                if once and not tasks and not jobs:
                    break
                # With room left there is nothing more to claim now; else one must end first.
                wait: set[asyncio.Future[Any]] = {*tasks, stopped}
                quick = once and not tasks
                await asyncio.wait(
                    wait, return_when=asyncio.FIRST_COMPLETED, timeout=0 if quick else POLL
                )
                tasks = {task for task in tasks if not task.done()}
            if tasks:
                await asyncio.wait(tasks)
            return self.tally
        finally:
            stopped.cancel()
            await self._end()

    # The thread with the database

    async def do(self, function: Callable[..., T], *given: Any) -> T:
        """Run an office function in the database's thread, patiently while it is busy."""
        loop = asyncio.get_running_loop()
        for number in range(_TRIES):
            try:
                return await loop.run_in_executor(self._thread, self._with_desk, function, *given)
            except (Busy, Unreachable) as error:
                closed = self._desk is None and isinstance(error, Unreachable)
                if closed or isinstance(error, trouble.WireError) or number == _TRIES - 1:
                    raise
                await asyncio.sleep(_PAUSE)
        raise AssertionError

    def _with_desk(self, function: Callable[..., T], *given: Any) -> T:
        if self._desk is None:
            self._desk = self._open_desk()
        return function(self._desk, *given)

    async def _begin(self) -> None:
        kinds = [kind for kind in self._handlers if not self._kinds or kind in self._kinds]
        left = await self.do(outbox.not_taken_in, kinds) if kinds else []
        for item in left:
            await self._take_in(item)

    async def _end(self) -> None:
        await self._open.aclose()

        def close() -> None:
            if self._desk is not None:
                self._desk.close()

        await asyncio.get_running_loop().run_in_executor(self._thread, close)
        self._thread.shutdown()

    async def _look(self, room: int) -> list[Job]:
        def claim(desk: Desk) -> list[Job]:
            return outbox.claim(desk, holder=self.holder, limit=room, kinds=self._kinds)

        return await self.do(claim) if room > 0 else []

    # The network

    async def _one(self, job: Job) -> None:
        """Send one item and write down what came of it; nothing gets out of here."""
        try:
            line = await self._line(job.connection)
            answer = await line.ask(Question(job.payload, job.kind, _payload_id(job), job.trace))
        except trouble.WireError as error:
            if isinstance(error, trouble.HttpStatus) and error.status == 401:
                # The secret may have been changed since the line was opened: read it again.
                self._lines.pop((job.connection.id, job.connection.version), None)
            await self._failed(job, error)
            return
        except Exception as error:  # a fault of ours: said, and not tried for ever
            await self._failed(job, trouble.WireError(f"Unexpected: {type(error).__name__}", ""))
            return
        await self._keep(job.id, answer.x12)

    async def _line(self, connection: ConnectionRow) -> Line:
        """The open line of a connection; the first who needs it opens it, the others wait."""
        key = (connection.id, connection.version)
        if key not in self._lines:
            self._lines[key] = asyncio.ensure_future(self._opened(connection))
        try:
            return await asyncio.shield(self._lines[key])
        except trouble.WireError:
            self._lines.pop(key, None)  # what is missing may be put right before the next
            raise

    async def _opened(self, connection: ConnectionRow) -> Line:
        address = connection.address()
        secret = await self.do(connections.secret_of, connection)
        return await self._open.enter_async_context(Line(address, secret))

    async def _keep(self, item_id: int, text: str) -> None:
        with contextlib.suppress(DesktermError):  # its lease runs out, and it is asked again
            item = await self.do(outbox.answered, item_id, text)
            if item is not None:
                self.tally.answered += 1
                await self._take_in(item)

    async def _failed(self, job: Job, error: trouble.WireError) -> None:
        try:
            item = await self.do(outbox.failed, job, error)
        except DesktermError:
            return  # another worker has it by now, or its lease runs out
        if item is None:
            self.tally.again += 1
            return
        self.tally.failed += 1
        handler = self._handlers.get(job.kind)
        if handler is not None and handler.failed is not None:
            with contextlib.suppress(Exception):  # the item says what failed, whoever hears it
                await self.do(handler.failed, item)

    async def _take_in(self, item: Answered) -> None:
        handler = self._handlers.get(item.kind)
        if handler is None:
            return
        why = ""
        try:
            await self.do(handler.answered, item)
        except DesktermError as error:
            why = error.message
        except Exception as error:
            why = f"Unexpected: {type(error).__name__}"
        if why:
            self.tally.not_taken_in += 1
        with contextlib.suppress(DesktermError):
            await self.do(outbox.handled, item.id, why)

    # Folders

    async def _batches(self, jobs: list[Job]) -> None:
        """Put what is to go by file, and read what came; one connection after another."""
        rows = {row.id: row for row in await self.do(connections.listing)}
        for row in rows.values():
            mine = [job for job in jobs if job.connection.id == row.id]
            if row.kind != "folder" or not row.active:
                continue
            if not mine and not await self.do(outbox.awaited, row.id):
                continue
            try:
                secret = await self.do(connections.secret_of, row)
                await self._batch(row, secret, mine)
            except trouble.WireError as error:
                for job in mine:
                    await self._failed(job, error)

    async def _batch(self, row: ConnectionRow, secret: Secret, jobs: list[Job]) -> None:
        async with folder.opened(row.address(), secret) as drop:
            while jobs:
                # One by one off the list: a failure is noted for those that were not put.
                await drop.put(_file_name(jobs[0]), jobs[0].payload.encode())
                job = jobs.pop(0)
                with contextlib.suppress(Conflict):
                    await self.do(outbox.sent, job)
                    self.tally.sent += 1
            for name in await drop.waiting():
                with contextlib.suppress(FileNotFoundError):  # another worker read it
                    await self._collect(row, drop, name)

    async def _collect(self, row: ConnectionRow, drop: folder.Drop, name: str) -> None:
        wanted = await self.do(outbox.awaited, row.id)
        ours = False
        try:
            text = interchange.text_of(await drop.read(name))
            for trace, answer in interchange.by_trace(text):
                if trace in wanted:
                    ours = True
                    await self._keep(wanted[trace], answer)
        except trouble.WireError:
            ours = False
        self.tally.odd += not ours
        await drop.away(name, "done" if ours else "odd")


def own_desk(desk: Desk) -> Desk:
    """A handle for a thread of the desk's process: the same person, a connection of its own.

    The database opens one for each thread; close it there with ``own.database.close()``.
    """
    return Desk(
        desk.database, desk.actor, desk.settings, desk.clock, desk.secret, desk.workstation,
        desk.session, written=desk.written, origin=desk.origin,
    )  # fmt: skip


def send_now(
    desk: Desk, item_id: int, *, handlers: Mapping[str, Handler] | None = None
) -> OutboxRow:
    """Send one item and wait for it: for a thread of the desk's, with a desk of its own.

    What became of it is in the row that is returned. Raises NotFound, Conflict when somebody
    else is sending it or it is not to be sent.
    """
    outbox.get(desk, item_id)
    sender = Sender(lambda: desk, handlers=handlers)
    jobs = outbox.claim(desk, holder=sender.holder, limit=1, only=item_id)
    if not jobs:
        row = outbox.get(desk, item_id)
        raise Conflict(f"It is {row.word}: nothing to send now", "Look at :outbox", rule="lease")

    async def go() -> None:
        async with sender._open:
            if jobs[0].connection.kind == "folder":
                await sender._batches(jobs)
            else:
                await sender._one(jobs[0])

    sender.do = _at_once(desk)  # type: ignore[method-assign]
    asyncio.run(go())
    return outbox.get(desk, item_id)


def _at_once(desk: Desk) -> Callable[..., Any]:
    """Office functions in this very thread, whose desk it is."""

    async def do(function: Callable[..., Any], *given: Any) -> Any:
        return function(desk, *given)

    return do


def _payload_id(job: Job) -> str:
    """The envelope's id: the same for the same item, of the shape of a UUID as the rule wants."""
    import uuid

    return str(uuid.uuid5(uuid.NAMESPACE_OID, job.key))


def _file_name(job: Job) -> str:
    return f"{job.kind}-{_payload_id(job)}.x12"
