"""Batch: files are put into ``out/``, answers lie in ``in/`` and go to ``done/`` once read.

A file is written under a hidden name and then renamed, so that whoever fetches it never takes
half a one; a file in ``in/`` that is hidden or ends in ``.part`` is not ready. The same on this
machine and over SFTP, where the server's host key is pinned.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from deskterm.exchange.payers import trouble
from deskterm.exchange.payers.values import MOST, Address, Secret

FOLDERS = ("out", "in", "done", "odd")


class Drop(Protocol):
    """A place for files, here or on the payer's server."""

    async def put(self, name: str, content: bytes) -> None:
        """Place a whole file into ``out/``; putting the same name again replaces it."""

    async def waiting(self) -> list[str]:
        """The names of the files in ``in/`` that are ready, in order."""

    async def read(self, name: str) -> bytes:
        """A file of ``in/``. Raises TooLong."""

    async def away(self, name: str, folder: str) -> None:
        """Move a file of ``in/`` to ``done/``, or to ``odd/`` when it answers nothing of ours."""


@contextlib.asynccontextmanager
async def opened(address: Address, secret: Secret) -> AsyncIterator[Drop]:
    """The drop of a connection. Raises Unset, Refused, TlsFailed (a host key that is not the
    pinned one), TimedOut, Broken."""
    if not address.is_sftp:
        drop = LocalDrop(Path(address.url))
        drop.check()
        yield drop
        return
    async with _sftp(address, secret) as remote:
        yield remote


class LocalDrop:
    """A folder of this machine, perhaps emptied by somebody else's program."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(self) -> None:
        """Make what is missing below the folder. Raises Unset when that cannot be done."""
        try:
            if not self.root.is_dir():
                raise trouble.Unset(
                    "The folder for batch files does not exist", "Make it, mode 700"
                )
            for name in FOLDERS:
                (self.root / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise trouble.Unset(
                f"The folder for batch files cannot be used: {error.strerror}", "Check its owner"
            ) from None

    async def put(self, name: str, content: bytes) -> None:
        target = self.root / "out" / _plain(name)
        part = target.with_name(f".{target.name}.part")
        try:
            part.unlink(missing_ok=True)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(handle)
            part.replace(target)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            made = trouble.Broken(f"The file cannot be written: {error.strerror}", "")
            made.reached = False
            raise made from None

    async def waiting(self) -> list[str]:
        with os.scandir(self.root / "in") as found:
            return sorted(
                entry.name for entry in found
                if _ready(entry.name) and entry.is_file(follow_symlinks=False)
            )  # fmt: skip

    async def read(self, name: str) -> bytes:
        handle = os.open(
            self.root / "in" / _plain(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        )
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise trouble.NotX12("That is no file", "")
            content = file.read(MOST + 1)
        return _bounded(content)

    async def away(self, name: str, folder: str) -> None:
        source, target = self.root / "in" / _plain(name), self.root / folder / _plain(name)
        number = 0
        while target.exists():  # the payer may use a name again; nothing is overwritten
            number += 1
            target = self.root / folder / f"{name}.{number}"
        source.replace(target)


class SftpDrop:
    """The same folders on an SFTP server."""

    def __init__(self, client: Any, root: str) -> None:
        self._client = client
        self._root = root.rstrip("/") or "/"

    def _at(self, folder: str, name: str = "") -> str:
        return f"{self._root}/{folder}" + (f"/{name}" if name else "")

    async def put(self, name: str, content: bytes) -> None:
        part = self._at("out", f".{_plain(name)}.part")
        async with self._client.open(part, "wb") as out:
            await out.write(content)
        await self._client.posix_rename(part, self._at("out", name))

    async def waiting(self) -> list[str]:
        names = [str(name) for name in await self._client.listdir(self._at("in"))]
        found = []
        for name in sorted(filter(_ready, names)):
            facts = await self._client.lstat(self._at("in", name))
            if stat.S_ISREG(facts.permissions or 0) or facts.type == 1:
                found.append(name)
        return found

    async def read(self, name: str) -> bytes:
        async with self._client.open(self._at("in", _plain(name)), "rb") as file:
            content: bytes = await file.read(MOST + 1)
        return _bounded(content)

    async def away(self, name: str, folder: str) -> None:
        target, number = self._at(folder, _plain(name)), 0
        while await self._client.exists(target):
            number += 1
            target = self._at(folder, f"{name}.{number}")
        await self._client.rename(self._at("in", name), target)


@contextlib.asynccontextmanager
async def _sftp(address: Address, secret: Secret) -> AsyncIterator[SftpDrop]:
    import asyncssh

    parts = urlsplit(address.url)
    port = parts.port or 22
    host = parts.hostname or ""
    pinned = asyncssh.import_known_hosts(f"[{host}]:{port} {address.host_key}\n"
                                         f"{host} {address.host_key}\n")  # fmt: skip
    # The secret is a private key, or a password.
    key = secret.password if secret.password.startswith("-----BEGIN") else ""
    proof: dict[str, Any] = {"password": None if key else secret.password}
    try:
        proof["client_keys"] = [asyncssh.import_private_key(key)] if key else None
    except asyncssh.KeyImportError:
        raise trouble.Unset("The secret is no private key that can be read", "") from None
    try:
        async with asyncio.timeout(address.timeout * 4):  # a batch is many files
            async with asyncssh.connect(
                host, port, username=secret.user, known_hosts=pinned, config=[],
                agent_path=None, connect_timeout=address.timeout, **proof,
            ) as connection, connection.start_sftp_client() as client:  # fmt: skip
                root = unquote(parts.path) or "/"
                for name in ("done", "odd"):
                    with contextlib.suppress(asyncssh.SFTPError):
                        if not await client.exists(f"{root.rstrip('/')}/{name}"):
                            await client.mkdir(f"{root.rstrip('/')}/{name}")
                yield SftpDrop(client, root)
    except TimeoutError:
        raise trouble.TimedOut("The SFTP server takes too long", "") from None
    except asyncssh.HostKeyNotVerifiable:
        raise trouble.TlsFailed(
            "The SFTP server's host key is not the pinned one", "Nothing was sent; ask the payer"
        ) from None
    except asyncssh.PermissionDenied:
        raise trouble.Unset(
            "The SFTP server does not accept the secret", "Check the connection's secret"
        ) from None
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPPermissionDenied):
        raise trouble.Unset("The SFTP server has no such folder for us", "Check the path") from None
    except (asyncssh.Error, ConnectionError) as error:
        if isinstance(error, ConnectionRefusedError):
            raise trouble.Refused("Nobody answers at that address", "") from None
        raise trouble.Broken("The SFTP connection broke off", "") from None
    except OSError:
        raise trouble.Refused("Nobody answers at that address", "") from None


def _ready(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(".part") and "/" not in name


def _plain(name: str) -> str:
    """A name that stays in its folder. Raises NotX12."""
    if not name or "/" in name or "\x00" in name or name in (".", ".."):
        raise trouble.NotX12("That is no name of a file", "")
    return name


def _bounded(content: bytes) -> bytes:
    if len(content) > MOST:
        raise trouble.TooLong("The file is longer than any answer can be", "")
    return content
