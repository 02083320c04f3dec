"""Who can reach the clinic's files: only the account that owns the data, or deskterm stays shut.

A clerk who can read the file can carry every patient home; one who can write it can drop the
journal's guards, rewrite its entries and seal them again with the key that lies beside it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deskterm.config import Settings
from deskterm.errors import Unreachable
from deskterm.office.origin import account

NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"}
)
_ENDS = ("", "-wal", "-shm", "-queue", ".key", ".pepper")
_WHY = "any clerk could copy the clinic and rewrite its audit"


@dataclass(frozen=True)
class Fault:
    """What is wrong with ``path``, in words, and what mends it."""

    path: Path
    found: str
    hint: str


def refuse_shared(settings: Settings) -> None:
    """Raise Unreachable when anybody but their owner can reach the clinic's files.

    A practice clinic holds nobody's data and is let through.
    """
    if settings.practice or not _is_file(settings):
        return
    for fault in faults(settings):
        what = f"The folder {fault.path.name}" if fault.path.is_dir() else fault.path.name
        raise Unreachable(f"{what} {fault.found}", fault.hint, rule="shared_file")


def faults(settings: Settings) -> Iterator[Fault]:
    """Everything that lets somebody else at the clinic's files, the folder first."""
    path = settings.database_path
    folder = path.parent.resolve()
    kind = filesystem(folder)
    if kind in NETWORK:
        yield Fault(
            folder, f"is on a network disk ({kind}), where locks are not safe and others can read",
            "Move the database to a local disk",
        )  # fmt: skip
    yield from judge(folder, "chmod 700")
    for end in _ENDS:
        yield from judge(path.with_name(path.name + end), "chmod 600")


def judge(path: Path, remedy: str) -> Iterator[Fault]:
    """What is wrong with one file or folder; nothing for one that does not exist."""
    try:
        facts = path.stat()
    except OSError:
        return
    mode = stat.S_IMODE(facts.st_mode)
    if facts.st_uid != os.geteuid():
        yield Fault(
            path, f"belongs to {account(facts.st_uid)}, but this is {account(os.geteuid())}",
            "Only the account that owns the data runs deskterm; see docs/deployment.md",
        )  # fmt: skip
    elif mode & 0o077:
        done = "written" if mode & 0o022 else "read"
        yield Fault(
            path, f"can be {done} by other accounts ({mode:04o}): {_WHY}", f"{remedy} {path}"
        )


def filesystem(folder: Path) -> str:
    """The type of the file system that ``folder`` is on, where the machine tells."""
    best, kind, wanted = "", "", str(folder.resolve())
    try:
        mounts = Path("/proc/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    for line in mounts:
        _, point, this, *_ = line.split(" ")
        inside = wanted == point or wanted.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, this
    return kind


def _is_file(settings: Settings) -> bool:
    return "://" not in settings.database or settings.database.startswith("sqlite://")
