"""Anything at all is typed on every screen: the desk stays, holds nothing, and the books are right.

The bytes go through the real parser and the real gate. ``DESKTERM_RANDOM_KEYS=10000`` presses that
many keys on every screen; ``DESKTERM_RANDOM_SEED`` begins another series.
"""

from __future__ import annotations

import asyncio
import os
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from textual import events
from textual.geometry import Size

from deskterm.app import DeskApp
from deskterm.clock import FrozenClock
from deskterm.db.base import database as proxy
from deskterm.db.database import open_database, rows
from deskterm.office import free_time, journal_views
from deskterm.office.desk import Desk
from deskterm.screens.locking import top_of
from deskterm.terminal.driver import clamp_size
from deskterm.terminal.keys import KeyParser
from tests.screens.all_places import PLACES, enter, fill, leave
from tests.screens.driver import Clerk, at_desk
from tests.terminal.pty_desk import KEYS

COUNT = int(os.environ.get("DESKTERM_RANDOM_KEYS", "120"))
SEED = os.environ.get("DESKTERM_RANDOM_SEED", "260318")
ROUND = 30  # pieces before the place is opened anew
EVERYWHERE: dict[str, dict[str, Any]] = {"day": {}, "help": {"about": None}, **PLACES}

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 .,;:-/?+=<>[]{}'\"#@%()~^*_|\\&$!ABC"
WIDE = "\u00e9\u4f60\U0001f600\u200d\u202e\u0301\u00ad\ufffd\u061c\u3000"
# Words that lead somewhere, so that more than the first gap of a form is reached.
WORDS = (
    "smith", "smi 031482", "031482", "0314", "25ca", "25cc4417 08812q", "40ck 1042", "0 bill",
    "tue", "1w pm", "t", "fri am", "fu", "lee", "over double", "done", "nv", "rx", "refund",
    "wrong_tender", "left the practice", ":b smi fu lee 1w\r", ":quit\r", ":day\r", ":staff\r",
    ":report\r", ":close\r", ":msg\r", "/smi\r", "gfri\r", "1", "2", "3", "9999", "0",
    "217-555-0142",
    "4111111111111111", "+Smith, Ann\r", "2b", "1c", "3x", "4o", "5r", "6p", "1m", "2j", "1f",
)  # fmt: skip
BYTES = (
    b"\x1b[", b"\x1b[1;", b"\x1bO", b"\x1b", b"\x1b[1;5A", b"\x1b[<0;10;10M", b"\x1b[M !!",
    b"\x1b]0;title\x07", b"\x1b]52;c;aGk=", b"\x1bP1$r", b"\x1b[?2026;2$y", b"\x1b[99~",
    b"\x1b[200~pasted\ttext\r\nof two \x1b[31mlines\x1b[201~", b"\x1b[200~no end", b"\x1b[201~",
    b"\x1b[200~" + b"long " * 2000 + b"\x1b[201~", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\x00",
    b"\x7f", b"\x1b\x1b", b"\x1bx", b"\x9b1A", b"\x1b[27u", b"\x1bOj", b"\x1b[[A",
)  # fmt: skip


def pieces(random: Random) -> Iterator[bytes]:
    """Pieces of what a keyboard, a cat or a broken line may send, without end."""
    named = [key for name, key in KEYS.items() if name != "ctrl+l"]
    kinds: list[Callable[[], bytes]] = [
        lambda: random.choice(LETTERS).encode(),
        lambda: random.choice(named),
        lambda: random.choice((b"\r", b"\r", b"\t", b"\x1b[B", b"\x1b[A", b"\x1bOS")),
        lambda: random.choice(WORDS).encode(),
        lambda: random.choice(WIDE).encode("utf-8", "replace"),
        lambda: random.choice(BYTES),
        lambda: random.randbytes(random.randrange(1, 12)),
        lambda: b"\x0c",
    ]
    while True:
        (kind,) = random.choices(kinds, (38, 16, 22, 14, 2, 5, 2, 0.3))
        yield kind()


class Keyboard:
    """Sends bytes as the driver does, with a clock of its own for what time decides."""

    def __init__(self, clerk: Clerk, random: Random) -> None:
        self.clerk, self.random, self.now, self.count = clerk, random, 0.0, 0
        self.parser = KeyParser(0.1)
        self.decode = getincrementaldecoder("utf-8")("replace").decode

    async def send(self, data: bytes) -> None:
        app = self.clerk.app
        self.now += self.random.choice((0.001, 0.001, 0.01, 0.2, 0.7, 3.0))
        found = self.parser.tick(self.now)
        found += self.parser.feed(self.decode(data), self.now)
        for message in found:
            app.post_message(message)
        self.count += len(found)
        if self.random.random() < 0.7:  # else more is typed before this was handled
            await rest(self.clerk)


async def rest(clerk: Clerk) -> None:
    """Wait until all that was typed is handled; quicker than waiting for an idle process."""
    app = clerk.app
    await asyncio.sleep(0)
    await app.keys_settled()
    if app._exception is not None:
        raise app._exception


async def resize(clerk: Clerk, width: int, height: int) -> None:
    size = clerk.app._driver._size = Size(width, height)
    clerk.app.post_message(events.Resize(size, size))
    await rest(clerk)


def stay(app: DeskApp) -> None:
    """Leaving the desk would end the test: what is kept on leaving is kept, that is all."""

    async def quit() -> None:
        app.save_all()

    app.quit = quit  # type: ignore[method-assign]


async def works(clerk: Clerk, desk: Desk, other: Any) -> None:
    """Nothing failed, nothing is held, and F5 shows the day from wherever one is."""
    app = clerk.app
    await rest(clerk)
    assert app.is_running and not app._gate_keys
    assert not desk.database.in_transaction()
    with other.writing(wait=False):  # Busy, had anybody the queue or a transaction
        rows(other, "UPDATE draft SET status = 'dropped' WHERE status = 'open'")
    if desk.locked:
        assert top_of(app.screen_stack) is not app.screen
        desk.locked = False
        await app.close_all()
    app.post_message(events.Key("f5", None))
    await rest(clerk)
    assert clerk.place in ("DayScreen", "FlowScreen"), clerk.text()
    await leave(app)
    await rest(clerk)


@pytest.mark.parametrize("place", EVERYWHERE)
async def test_anything_typed(desk: Desk, clock: FrozenClock, place: str) -> None:
    fill(desk)
    with desk.database.writing():  # the visits went past the office, straight into the table
        desk.rows("DELETE FROM free_horizon")
        desk.rows("DELETE FROM free_interval")
    free_time.lay_out(desk)
    assert journal_views.verify(desk).ok
    random = Random(f"{SEED} {place}")
    stream = pieces(random)
    other = open_database(desk.settings.database_path)
    proxy.initialize(desk.database)
    try:
        async with at_desk(desk) as clerk:
            stay(clerk.app)
            await clerk.settle()
            pressed = 0
            while pressed < COUNT:
                if place != "day":
                    await open_place(clerk, place)
                keyboard = Keyboard(clerk, random)
                sent: list[bytes] = []
                try:
                    for data in (next(stream) for _ in range(ROUND)):
                        sent.append(data)
                        await keyboard.send(data)
                    size = clamp_size(random.choice((1, 20, 40, 80, 140)),
                                      random.choice((1, 5, 12, 24, 50)))  # fmt: skip
                    await resize(clerk, *size)
                    clock.advance(seconds=random.choice((0, 1, 40)))
                    clerk.app.look_around()
                    for message in keyboard.parser.tick(keyboard.now + 5):
                        clerk.app.post_message(message)
                    await resize(clerk, 80, 24)
                    await works(clerk, desk, other)
                    pressed += keyboard.count
                except BaseException:
                    print(f"DESKTERM_RANDOM_SEED={SEED} {place}: {sent}")
                    raise
            await clerk.settle()
        assert clerk.app._exception is None and not clerk.app._crashes
        verdict = journal_views.verify(desk)
        assert verdict.ok, [fault["kind"] + ": " + fault["fault"] for fault in verdict.faults]
        assert rows(other, "PRAGMA integrity_check") == [("ok",)]
        assert rows(other, "PRAGMA foreign_key_check") == []
    finally:
        other.close()


async def open_place(clerk: Clerk, place: str) -> None:
    """Go there once more; what was done there may have made that impossible by now."""
    given = dict(EVERYWHERE[place])
    if place == "help":
        given["about"] = clerk.screen
    if place == "lock":
        await enter(clerk.app, place, given)
    else:
        await clerk.app.go(place, **given)
    await rest(clerk)
