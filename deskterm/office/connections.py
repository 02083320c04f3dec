"""Connections to payers and clearinghouses: where each is, and which payer is reached how."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from deskterm.db.connections import Connection
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.exchange.payers import trouble
from deskterm.exchange.payers.values import Address, JsonShape, Secret
from deskterm.office import connection_secrets
from deskterm.office.desk import Desk

ANY = "*"
MOST_AT_ONCE = 256
_COLUMNS = (
    "code", "name", "kind", "url", "sender_id", "receiver_id", "secret", "payers",
    "timeout_seconds", "retries", "at_once", "ca_file", "certificate", "host_key", "fields",
)  # fmt: skip


@dataclass(frozen=True)
class ConnectionEntry:
    """What is typed for a connection. Times are seconds; ``payers`` payer ids, or ``*``."""

    code: str
    kind: str
    url: str
    name: str = ""
    sender_id: str = ""
    receiver_id: str = ""
    secret: str = ""
    payers: str = ANY
    timeout_seconds: int = 20
    retries: int = 4
    at_once: int = 16
    ca_file: str = ""
    certificate: str = ""
    host_key: str = ""
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ConnectionRow:
    """One connection as it is kept; where its secret is, and not what."""

    id: int
    version: int
    active: bool
    code: str
    name: str
    kind: str
    url: str
    sender_id: str
    receiver_id: str
    secret: str
    payers: str
    timeout_seconds: int
    retries: int
    at_once: int
    ca_file: str
    certificate: str
    host_key: str
    fields: str

    def address(self) -> Address:
        """How it is reached. Raises trouble.Unset."""
        return Address(
            self.kind, self.url, self.sender_id, self.receiver_id, float(self.timeout_seconds),
            self.at_once, self.ca_file, self.certificate, self.host_key,
            shape=JsonShape(**json.loads(self.fields)),
        )  # fmt: skip


def add(desk: Desk, entry: ConnectionEntry) -> ConnectionRow:
    """Set a connection up. Raises Invalid, Conflict for a code that is taken."""
    values = _checked(entry)
    with desk.operation("connection.add") as op:
        if desk.rows("SELECT 1 FROM connection WHERE code = ?", values["code"]):
            raise Conflict(f"There is a connection {values['code']} already", "Another code")
        _not_served_twice(desk, values["payers"], 0)
        op.create(Connection, **values)
    return get(desk, values["code"])


def edit(desk: Desk, code: str, **changes: Any) -> ConnectionRow:
    """Change some of what :class:`ConnectionEntry` holds. Raises NotFound, Invalid, Conflict."""
    row = get(desk, code)
    kept = {f.name: getattr(row, f.name) for f in fields(ConnectionEntry)}
    kept["fields"] = json.loads(row.fields)
    values = _checked(ConnectionEntry(**{**kept, **changes}))
    with desk.operation("connection.edit") as op:
        connection = op.get(Connection, row.id, row.version)
        _not_served_twice(desk, values["payers"], row.id)
        for name, value in values.items():
            setattr(connection, name, value)
        op.save(connection)
    return get(desk, values["code"])


def set_active(desk: Desk, code: str, *, active: bool, reason: str = "") -> ConnectionRow:
    """Let a connection be used, or not. What waits for it stays queued. Raises NotFound."""
    row = get(desk, code)
    if not active and not reason.strip():
        raise Invalid("Why is it disabled?", "For example: contract ended", field="reason")
    with desk.operation("connection.edit", reason=reason.strip()) as op:
        connection = op.get(Connection, row.id)
        if active:
            _not_served_twice(desk, connection.payers, row.id)
        connection.active = active
        op.save(connection)
    return get(desk, code)


def listing(desk: Desk) -> list[ConnectionRow]:
    """Every connection, by code. No secret is in it."""
    if not desk.may("administer"):
        desk.require("view_patients")
    return _rows(desk)


def get(desk: Desk, code: str) -> ConnectionRow:
    """One connection by its code. Raises NotFound."""
    found = [row for row in listing(desk) if row.code == code]
    if not found:
        raise NotFound(f"No connection {code[:20]}", "deskterm admin connection list shows them")
    return found[0]


def for_payer(desk: Desk, payer_id: str) -> ConnectionRow | None:
    """How a payer is reached: its own connection, else the one for everybody, else None."""
    active = [row for row in listing(desk) if row.active]
    own = [row for row in active if payer_id and payer_id in row.payers.split()]
    return next(iter(own + [row for row in active if ANY in row.payers.split()]), None)


def secret_of(desk: Desk, row: ConnectionRow) -> Secret:
    """What proves to the other side who asks. Raises trouble.Unset."""
    desk.require("edit_patients")
    return connection_secrets.read(desk.settings, row.secret)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, and whether it is as it must be."""

    what: str
    found: str
    good: bool


def check(desk: Desk, code: str) -> list[Check]:
    """Look whether a connection can be used, without asking about anybody.

    The secret is found, TLS or the host key proves who answers, folders are there.
    """
    import asyncio

    desk.require("administer")
    row = get(desk, code)
    checks: list[Check] = []
    try:
        address = row.address()
        checks.append(Check("address", address.kind, True))
        secret = connection_secrets.read(desk.settings, row.secret)
        there = "found" if row.secret else "none is named"
        checks.append(Check("secret", there, bool(row.secret) or address.kind == "folder"))
        checks.append(asyncio.run(_reach(address, secret)))
    except trouble.WireError as error:
        said = error.sentence
        checks.append(Check(error.code, said, False))
    return checks


async def _reach(address: Address, secret: Secret) -> Check:
    if address.kind == "folder":
        from deskterm.exchange.payers import folder

        async with folder.opened(address, secret) as drop:
            count = len(await drop.waiting())
        return Check("folder", f"reached, {count} files to be read", True)
    from deskterm.exchange.payers.line import Line

    async with Line(address, secret) as line:
        status = await line.status()
    return Check("reached", f"over TLS, HTTP {status} to an empty request", status < 500)


def _rows(desk: Desk) -> list[ConnectionRow]:
    columns = ", ".join(_COLUMNS)
    found = desk.rows(f"SELECT id, version, active, {columns} FROM connection ORDER BY code")
    return [ConnectionRow(i, version, bool(active), *rest) for i, version, active, *rest in found]


def _checked(entry: ConnectionEntry) -> dict[str, Any]:
    """The columns of an entry. Raises Invalid."""
    values = asdict(entry)
    code = entry.code.strip()
    if not code or not all(c.isalnum() or c in "-_" for c in code):
        raise Invalid("A code is letters, digits, - and _", "", field="code")
    if entry.secret:
        connection_secrets.check_reference(entry.secret)
    for name, low, high in (
        ("timeout_seconds", 1, 120), ("retries", 0, 20), ("at_once", 1, MOST_AT_ONCE),
    ):  # fmt: skip
        if type(values[name]) is not int or not low <= values[name] <= high:
            raise Invalid(f"{name} is {low} to {high}", "", field=name)
    payers = sorted(set(entry.payers.replace(",", " ").split()))
    if not payers:
        raise Invalid("Whom does it serve?", "Payer ids, or * for everybody else", field="payers")
    known = {f.name for f in fields(JsonShape)}
    if set(entry.fields) - known or not all(isinstance(v, str) for v in entry.fields.values()):
        raise Invalid(f"Fields are {', '.join(sorted(known))}", "", field="fields")
    values.update(
        code=code, name=entry.name.strip() or code, payers=" ".join(payers),
        fields=json.dumps(entry.fields, sort_keys=True),
    )  # fmt: skip
    try:
        Address(entry.kind, entry.url, host_key=entry.host_key)
    except trouble.Unset as error:
        raise Invalid(error.message, error.hint, field="url") from None
    return values


def _not_served_twice(desk: Desk, payers: str, but: int) -> None:
    for row in _rows(desk):
        both = set(payers.split()) & set(row.payers.split())
        if row.active and row.id != but and both:
            raise Conflict(
                f"{row.code} serves {', '.join(sorted(both))} already", "Disable that one first",
                rule="payer_served",
            )  # fmt: skip
