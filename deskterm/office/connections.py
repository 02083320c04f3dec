"""How payers and clearinghouses are reached. Secrets stay outside the database and the journal."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any

from deskterm.config import Settings
from deskterm.db.coverage import Plan
from deskterm.db.outbox import Connection
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.exchange.payers.carrier import Route
from deskterm.office.desk import Desk, Operation
from deskterm.office.patient_entry import clean

_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,19}")
_SECRET = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_MOST_SECRET = 4000
_SERVES = """
SELECT id FROM connection WHERE active = 1
  AND (payers = '' OR ' ' || payers || ' ' LIKE '% ' || ? || ' %')
ORDER BY payers = '', id LIMIT 1"""


def add(desk: Desk, *, code: str, kind: str, url: str, **values: Any) -> Connection:
    """Add a connection. Raises Invalid, and Conflict for a code in use."""
    with desk.operation("connection.add") as op:
        checked = clean(Connection, {"code": code.strip().upper(), "kind": kind, "url": url,
                                     **values})  # fmt: skip
        if not _CODE.fullmatch(checked["code"]):
            raise Invalid("A code of letters and digits", "For example CLEAR1", field="code")
        if desk.rows("SELECT 1 FROM connection WHERE code = ?", checked["code"]):
            raise Conflict(f"The code {checked['code']} is in use", "Choose another")
        _check(checked)
        return op.create(Connection, **checked)


def edit(desk: Desk, code: str, **values: Any) -> Connection:
    """Change a connection. Raises NotFound, Invalid."""
    with desk.operation("connection.edit") as op:
        connection = op.get(Connection, _id(desk, code))
        checked = clean(Connection, values)
        for column, value in checked.items():
            setattr(connection, column, value)
        _check({f: getattr(connection, f) for f in ("kind", "url", "secret", "timeout", "tries")})
        return op.save(connection)


def every(desk: Desk) -> list[dict[str, Any]]:
    """The connections, without secrets; ``secret_there`` says whether the secret can be read."""
    desk.require("administer")
    return [
        {
            "code": c.code, "name": c.name, "kind": c.kind, "url": c.url, "sender": c.sender,
            "receiver": c.receiver, "payers": c.payers, "secret": c.secret,
            "active": bool(c.active),
            "secret_there": not c.secret or secret_of(desk.settings, c.secret) is not None,
            "timeout": c.timeout, "tries": c.tries, "test": bool(c.test),
        }
        for c in Connection.select().order_by(Connection.code)
    ]  # fmt: skip


def one(desk: Desk, code: str) -> Connection:
    """A connection by its code. Raises NotFound."""
    desk.require("administer")
    connection: Connection = Connection.get_by_id(_id(desk, code))
    return connection


def serving(desk: Desk, plan: Plan) -> Connection | None:
    """The connection for a plan's payer: one that names it before one for every payer."""
    found = desk.rows(_SERVES, plan.payer_id)
    return Connection.get_by_id(found[0][0]) if found else None


def next_control(op: Operation, connection: Connection) -> int:
    """The next interchange number of a connection, counted inside ``op``."""
    row = op.get(Connection, connection.id)
    row.control = row.control % 999_999_999 + 1
    op.save(row)
    return int(row.control)


def route(settings: Settings, connection: Connection) -> Route:
    """What a carrier needs, with the secret read now. Raises Invalid when it is not there."""
    secret = ""
    if connection.secret:
        found = secret_of(settings, connection.secret)
        if found is None:
            raise Invalid(
                f"The secret {connection.secret} cannot be read",
                "docs/administration.md says where it is kept",
            )
        secret = found
    return Route(
        connection.kind, connection.url, connection.sender, connection.receiver, secret,
        float(connection.timeout), connection.ca_file, connection.request_field,
        connection.answer_field, connection.header,
    )  # fmt: skip


def secret_of(settings: Settings, name: str) -> str | None:
    """A secret by its name: systemd's credential, else a file of ours; None when there is none.

    The file is ``<database>-secrets/<name>`` and may be read by its owner only.
    """
    folders = [settings.database_path.with_name(settings.database_path.name + "-secrets")]
    if os.environ.get("CREDENTIALS_DIRECTORY"):
        folders.insert(0, Path(os.environ["CREDENTIALS_DIRECTORY"]))
    for folder in folders:
        path = folder / name
        try:
            mode = path.lstat().st_mode
            if not stat.S_ISREG(mode) or mode & 0o077:
                continue
            return path.read_text("utf-8")[:_MOST_SECRET].strip()
        except (OSError, UnicodeDecodeError):
            continue
    return None


def _check(values: dict[str, Any]) -> None:
    url = str(values.get("url") or "")
    if values.get("kind") == "folder":
        if not Path(url).is_absolute():
            raise Invalid("A folder is named in full", "For example /srv/clear/ABC", field="url")
    elif not url.startswith("https://"):
        raise Invalid("A payer is reached by https only", "https://...", field="url")
    elif "@" in url.partition("//")[2].partition("/")[0]:
        raise Invalid("No password in an address", "Keep it as a secret", field="url")
    secret = values.get("secret") or ""
    if secret and not _SECRET.fullmatch(secret):
        raise Invalid(
            "That is no name of a secret", "The name of its file, not the secret", field="secret"
        )
    if not 1 <= values.get("timeout", 20) <= 300:
        raise Invalid("A timeout is 1 to 300 seconds", "20 is usual", field="timeout")
    if not 1 <= values.get("tries", 4) <= 20:
        raise Invalid("1 to 20 tries", "4 is usual", field="tries")


def _id(desk: Desk, code: str) -> int:
    found = desk.rows("SELECT id FROM connection WHERE code = ?", code.strip().upper())
    if not found:
        raise NotFound(f"No such connection: {code[:20]}", "admin connection list shows them")
    return int(found[0][0])
