"""Anchors: the journal's head, noted where whoever can rewrite the database cannot reach.

A chain proves that nothing inside it was changed. That its end was cut off, or that all of it
was written anew, only shows against something outside: an anchor says which entry was the
newest, its hash, how many there were, and how much cash the day had. It is taken after the
commit, never inside an operation, and a sink that fails is a notice and not an error.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import re
import socket
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskterm.clock import parse_utc_text, utc_text
from deskterm.db import journal
from deskterm.errors import DesktermError, Unreachable
from deskterm.text import safe

if TYPE_CHECKING:
    from deskterm.office.desk import Desk

_WORD = "deskterm-anchor"
_SHORT = 16  # letters of a hash on paper
_SINK_SECONDS = 2.0
_LARGEST = 64_000_000  # bytes of a file of anchors: two a minute for ten years
_NOTICE = 37  # syslog: facility user is 1, severity notice is 5; 4 * 8 + 5 = auth.notice
_PATTERN = re.compile(
    _WORD + r" at=(?P<at>\S+) seq=(?P<seq>\d+) hash=(?P<hash>[0-9a-f]{16,64})"
    r" count=(?P<count>\d+) day=(?P<day>\d{4}-\d\d-\d\d) cash=(?P<cash>-?\d+)"
    r"(?: seal=(?P<seal>[0-9a-f]{16}))?"
)


@dataclass(frozen=True)
class Anchor:
    """The journal as it stood. ``cash_cents`` is the cash taken on the business day ``day``."""

    at: str
    seq: int
    hash: str
    count: int
    day: str
    cash_cents: int
    seal: str = ""

    @property
    def moment(self) -> datetime:
        """When it was taken, UTC."""
        return parse_utc_text(self.at)

    @property
    def line(self) -> str:
        """The anchor as a file and the system log keep it."""
        return f"{self._words(self.hash)} seal={self.seal}"

    @property
    def paper(self) -> str:
        """The anchor as a day sheet prints it, in lines short enough for a receipt."""
        cut = self.hash[:_SHORT]
        return (
            f"{_WORD} at={self.at}\n seq={self.seq} hash={cut}\n"
            f" count={self.count} day={self.day} cash={self.cash_cents}"
        )

    def sealed(self, secret: bytes) -> str:
        """The seal that this anchor must carry."""
        return hmac.digest(secret, self._words(self.hash).encode(), "sha256").hex()[:16]

    def _words(self, hash_text: str) -> str:
        return (
            f"{_WORD} at={self.at} seq={self.seq} hash={hash_text} count={self.count}"
            f" day={self.day} cash={self.cash_cents}"
        )


def head(desk: Desk, day: date | None = None) -> Anchor:
    """An anchor of the journal as it stands now, with the cash of ``day`` (default: today)."""
    day = day or desk.today()
    # one statement, so that all of it is of one moment
    found = desk.rows(
        "SELECT seq, hash, (SELECT count(*) FROM journal), (SELECT coalesce(sum(t.amount_cents), 0)"
        "  FROM tender t JOIN payment p ON p.id = t.payment_id"
        "  WHERE p.business_day = ? AND t.kind = 'cash')"
        " FROM journal ORDER BY seq DESC LIMIT 1",
        day.isoformat(),
    )
    seq, seal, count, cash = found[0] if found else (0, journal.GENESIS, 0, 0)
    bare = Anchor(utc_text(desk.now()), seq, seal, count, day.isoformat(), cash)
    return Anchor(**{**bare.__dict__, "seal": bare.sealed(desk.secret)})


def take(desk: Desk, *, mail: bool = False) -> tuple[Anchor, list[str]]:
    """Anchor the journal now, in every sink; the anchor, and what failed in words.

    An operation of its own, so that the journal says that there must be an anchor. ``mail``: to
    the addresses of the settings as well. Raises Invalid for settings that cannot be mailed by.
    """
    if mail:
        from deskterm.office import anchor_mail

        anchor_mail.check(desk.settings.anchors)
    addresses = [f"mail {address}" for address in desk.settings.anchors.mail_to] if mail else []
    with desk.operation("journal.anchor") as op:
        op.changes.append({"table": "journal", "id": None, "before": None, "after": None,
                           "sinks": [name for name, _ in _sinks(desk)] + addresses})  # fmt: skip
    desk.anchoring.wait()
    anchor = head(desk)
    troubles = [trouble for trouble in (_write(s, anchor) for s in _sinks(desk)) if trouble]
    if mail:
        troubles += _mailed(desk, anchor)
    return anchor, troubles


def _mailed(desk: Desk, anchor: Anchor) -> list[str]:
    """What failed while mailing an anchor, in words."""
    from deskterm.office import anchor_mail

    try:
        anchor_mail.send(desk, anchor)
    except (OSError, DesktermError) as error:
        said = error.message if isinstance(error, DesktermError) else error.strerror or error
        return [f"The journal's anchor could not be mailed: {said}"]
    return []


class Anchoring:
    """Takes the anchors of one session while it works, beside the work and never in it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._threads: list[threading.Thread] = []

    def after(self, written: int) -> None:
        """Some entries of this session were committed; anchor when one has a round number."""
        every, last = self._desk.settings.anchors.every, (self._desk.written or [0])[-1]
        if written and every > 0 and last // every > (last - written) // every:
            self.take()

    def take(self, day: date | None = None) -> None:
        """Anchor the journal as it stands, with the cash of ``day``; waits for no sink."""
        sinks = _sinks(self._desk)
        if not sinks:
            return
        try:
            anchor = head(self._desk, day)
        except Exception as error:  # whatever it is, the work it follows is done
            self._desk.notices.append(f"No anchor: {type(error).__name__}")
            return

        def run() -> None:
            for sink in sinks:
                trouble = _write(sink, anchor)
                if trouble:
                    self._desk.notices.append(trouble)

        thread = threading.Thread(target=run, name="anchor", daemon=True)
        thread.start()
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]

    def wait(self) -> None:
        """Give the sinks a moment to finish; one that hangs is left behind."""
        for thread in self._threads:
            thread.join(_SINK_SECONDS)
        self._threads = []


Sink = tuple[str, Callable[[str], None]]


def _sinks(desk: Desk) -> list[Sink]:
    found: list[Sink] = []
    path, log = desk.settings.anchor_path, desk.settings.anchors.syslog
    if path is not None:
        found.append((path.name, lambda text: _to_file(path, text)))
    if log:
        found.append((log, lambda text: _to_syslog(log, text)))
    return found


def _write(sink: Sink, anchor: Anchor) -> str:
    name, send = sink
    try:
        send(anchor.line)
    except OSError as error:
        return f"The journal's anchor could not be written to {name}: {error.strerror or error}"
    return ""


def _to_file(path: Path, text: str) -> None:
    """Add a line; the file is never opened in a way that could shorten it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
    handle = os.open(path, flags, 0o600)
    try:
        os.write(handle, (text + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def _to_syslog(address: str, text: str) -> None:
    """Send a line to the system log's socket, as a datagram or over a stream."""
    message = f"<{_NOTICE}>deskterm: {text}".encode()
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_UNIX, kind) as log:
            log.settimeout(_SINK_SECONDS)
            try:
                log.connect(address)
            except OSError as error:
                if kind == socket.SOCK_DGRAM and error.errno == 91:  # the other kind is listening
                    continue
                raise
            log.sendall(message)
            return


def parse(text: str) -> list[Anchor]:
    """Every anchor in ``text``: lines of the file, of the system log, or typed from paper."""
    joined = re.sub(r"\s+(?=(?:seq|count)=)", " ", text)
    found = []
    for match in _PATTERN.finditer(joined):
        given: dict[str, Any] = match.groupdict()
        with contextlib.suppress(ValueError):
            parse_utc_text(given["at"])
            found.append(
                Anchor(given["at"], int(given["seq"]), given["hash"], int(given["count"]),
                       given["day"], int(given["cash"]), given["seal"] or "")
            )  # fmt: skip
    return found


def read(path: Path) -> list[Anchor]:
    """The anchors of a file. Raises Unreachable when it cannot be read, or is no such file."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > _LARGEST:
            raise Unreachable(f"{safe(path.name)} is not a file of anchors", "Check the file")
        return parse(path.read_text("utf-8", "replace"))
    except OSError as error:
        raise Unreachable(
            f"The anchors {path.name} cannot be read: {error.strerror}", "Check the file"
        ) from None


def kept(desk: Desk) -> list[Anchor]:
    """The anchors of the file in the settings; none when there is no such file."""
    path = desk.settings.anchor_path
    return read(path) if path is not None and path.exists() else []


def compare(
    anchors: Iterable[Anchor],
    hashes: dict[int, str],
    newest: int,
    cash: Sequence[tuple[int, str, int]],
    secret: bytes,
) -> Iterator[tuple[int, str]]:
    """What is wrong against the anchors: ``(seq, words)``.

    ``hashes`` are the chain's at the anchored entries, ``newest`` is the chain's last, ``cash``
    what the journal says was taken: entry, business day, cents.
    """
    for anchor in anchors:
        if anchor.seal and not hmac.compare_digest(anchor.seal, anchor.sealed(secret)):
            yield anchor.seq, "its anchor was changed, or made with another key"
            continue
        there = hashes.get(anchor.seq)
        if anchor.seq > newest:
            yield anchor.seq, f"was anchored and is gone: the journal ends at {newest}"
        elif there is None or not there.startswith(anchor.hash):
            yield anchor.seq, "is not the entry that was anchored: history was rewritten"
        elif anchor.count != anchor.seq:
            yield anchor.seq, f"the anchor counted {anchor.count} entries up to here"
        taken = sum(c for seq, day, c in cash if day == anchor.day and seq <= anchor.seq)
        if anchor.seq <= newest and taken != anchor.cash_cents:
            yield (
                anchor.seq,
                f"the anchor had {anchor.cash_cents} cents of cash on {anchor.day}, "
                f"the journal has {taken}",
            )
