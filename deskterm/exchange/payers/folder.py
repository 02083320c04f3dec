"""Files in a folder that something else carries (SFTP of the clearinghouse, a mounted drive).

Ours go into ``out``, written under another name first so that nobody takes half a file; theirs
come into ``in`` and are moved to ``done`` once they were read.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from deskterm.exchange.payers.carrier import Client, Parcel, Route, Undelivered
from deskterm.exchange.x12.segments import MOST_BYTES

QUIET_SECONDS = 2.0  # a file that was written to this lately may not be whole


async def send(client: Client, route: Route, parcel: Parcel) -> None:
    """Write the file; the answer comes as a file of its own. Raises Undelivered."""
    put(Path(route.url), f"{parcel.number}.{parcel.kind}", parcel.text)


def put(folder: Path, name: str, text: str) -> Path:
    """Write ``out/name`` whole or not at all. Raises Undelivered."""
    target = folder / "out" / name
    half = target.with_name(f".{name}.part")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        half.rename(target)
    except OSError as error:
        raise Undelivered(f"The folder cannot be written: {error.strerror}") from None
    return target


def arrived(folder: Path, *, now: float) -> Iterator[tuple[Path, str]]:
    """The files that came into ``in`` and are whole, with their texts. ``now`` in seconds."""
    try:
        names = sorted(p for p in (folder / "in").iterdir() if not p.name.startswith("."))
    except FileNotFoundError:
        return
    except OSError as error:
        raise Undelivered(f"The folder cannot be read: {error.strerror}") from None
    for path in names:
        with contextlib.suppress(OSError):
            if not path.is_file() or path.is_symlink() or path.stat().st_size > MOST_BYTES:
                continue
            if now - path.stat().st_mtime < QUIET_SECONDS:
                continue
            yield path, path.read_text("utf-8", "replace")


def done(path: Path, *, refused: bool = False) -> None:
    """Move a file that was read to ``done``, or to ``refused``; never over another."""
    target = path.parent.parent / ("refused" if refused else "done") / path.name
    target.parent.mkdir(mode=0o700, exist_ok=True)
    number = 1
    while target.exists():
        number += 1
        target = target.with_name(f"{path.stem}-{number}{path.suffix}")
    path.rename(target)
