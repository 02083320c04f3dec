"""Public keys of SSH: what is accepted as one, and the file in which sshd's question is answered.

``admin ssh-keys answer`` runs for every sign-in, so this module loads nothing that is slow.
"""

from __future__ import annotations

import base64
import binascii
import re
from hashlib import sha256
from typing import NamedTuple

from deskterm.errors import Invalid

ONE_LINE = "Paste one line: ssh-ed25519 AAAA..."
SHORTEST_RSA, LONGEST_RSA = 3072, 16384  # bits
HEADER = "deskterm-keys 1"
NEVER = "-"

_LOGIN = re.compile(r"[a-z][a-z0-9_-]{1,31}")
_PATH = re.compile(r"/[A-Za-z0-9._/-]{1,200}")
_FROM = re.compile(r"[0-9A-Fa-f:./,]{1,400}")
# What ssh-keygen puts behind a key, "maria@front-2": never stored, and nothing else may follow.
_COMMENT = re.compile(r"[A-Za-z0-9@._+-]{1,64}")
_CURVES = {"nistp256": 32, "nistp384": 48, "nistp521": 66}  # bytes of a coordinate
_SECURITY_KEYS = {
    "sk-ssh-ed25519@openssh.com": "ed25519",
    "sk-ecdsa-sha2-nistp256@openssh.com": "nistp256",
}
_KINDS = ("ssh-ed25519", "ssh-rsa", *(f"ecdsa-sha2-{curve}" for curve in _CURVES), *_SECURITY_KEYS)


class PublicKey(NamedTuple):
    """One key: its type, its bytes in base64, and the fingerprint as sshd writes it."""

    kind: str
    blob: str
    fingerprint: str


class Published(NamedTuple):
    """One line of the keys file. ``expires`` is in seconds since 1970; None for never."""

    fingerprint: str
    login: str
    expires: int | None
    addresses: str
    kind: str
    blob: str


def is_login(text: str) -> bool:
    """Whether ``text`` may stand in a line that sshd obeys."""
    return _LOGIN.fullmatch(text) is not None


def is_path(text: str) -> bool:
    """Whether ``text`` is an absolute path that needs no quoting anywhere."""
    return _PATH.fullmatch(text) is not None


def parse(text: str) -> PublicKey:
    """The key in one pasted line or ``.pub`` file. Raises Invalid, saying what is wrong.

    A plain comment (``maria@front-2``) is dropped; options before the key, further lines and
    anything else are refused.
    """
    line = text.removesuffix("\n").removesuffix("\r").strip(" ")
    if not line.isascii() or not line.isprintable():
        if "PRIVATE KEY" in text:
            raise _invalid("That is a private key", "It must never leave its owner; send the .pub")
        raise _invalid("A key is one line of plain characters", ONE_LINE)
    words = line.split()
    if len(words) < 2 or len(words) > 3 or line.startswith("#"):
        raise _invalid("That is not a public key", ONE_LINE)
    kind, blob = words[0], words[1]
    if kind not in _KINDS:
        if kind.endswith("-cert-v01@openssh.com"):
            raise _invalid("Certificates are not accepted", "Enrol the key itself")
        raise _invalid(
            "A line must begin with the type of its key, without options",
            f"One of {', '.join(_KINDS)}",
        )
    if len(words) == 3 and not _COMMENT.fullmatch(words[2]):
        raise _invalid("What stands behind the key is not accepted", "Leave the comment out")
    return PublicKey(kind, blob, _judge(kind, blob))


def fingerprint(raw: bytes) -> str:
    """``SHA256:...`` as ssh-keygen and sshd print it."""
    return "SHA256:" + base64.b64encode(sha256(raw).digest()).decode().rstrip("=")


def file_text(keys: list[Published]) -> str:
    """The whole keys file."""
    lines = [HEADER]
    for key in keys:
        expires = NEVER if key.expires is None else str(key.expires)
        lines.append(
            " ".join((key.fingerprint, key.login, expires, key.addresses or NEVER, key.kind,
                      key.blob))
        )  # fmt: skip
    return "\n".join(lines) + "\n"


def find(text: str, kind: str, blob: str, print_of_it: str, now: float) -> Published | None:
    """The one entry of the keys file that sshd's question is about, if it is good today.

    Two entries for one key are no answer: sshd would take the first, whoever that is.
    """
    if not text.startswith(HEADER + "\n"):
        return None
    found = [
        words
        for line in text.split("\n")[1:]
        if (words := line.split(" "))[0] == print_of_it or words[-1] == blob
    ]
    if len(found) != 1 or len(found[0]) != 6:
        return None
    known, login, expires, addresses, its_kind, its_blob = found[0]
    if (known, its_kind, its_blob) != (print_of_it, kind, blob) or not is_login(login):
        return None
    if kind not in _KINDS or _judge(kind, blob) != print_of_it:
        return None
    if addresses != NEVER and not _FROM.fullmatch(addresses):
        return None
    if expires != NEVER and (not expires.isdecimal() or int(expires) <= now):
        return None
    return Published(
        known, login, None if expires == NEVER else int(expires),
        "" if addresses == NEVER else addresses, kind, blob,
    )  # fmt: skip


def authorized_line(key: Published, gate: str) -> str:
    """The line that lets ``key`` into the gate as its owner, and nowhere else. Raises Invalid."""
    if not is_path(gate):
        raise _invalid("The gate must be an absolute path of plain characters", "")
    if not is_login(key.login) or (key.addresses and not _FROM.fullmatch(key.addresses)):
        raise _invalid("The login or the addresses of this key are not acceptable", "")
    limit = f'from="{key.addresses}",' if key.addresses else ""
    return f'restrict,pty,{limit}command="{gate} {key.login}" {key.kind} {key.blob}'


def check_addresses(text: str) -> str:
    """Addresses and networks, by commas, as ``from=`` takes them. Raises Invalid."""
    import ipaddress

    wanted = [word.strip() for word in text.split(",") if word.strip()]
    for word in wanted:
        try:
            ipaddress.ip_network(word)
        except ValueError:
            raise Invalid(
                f"{word[:40]} is not an address or a network",
                "For example 10.0.0.0/24",
                field="from",
            ) from None
    joined = ",".join(wanted)
    if joined and not _FROM.fullmatch(joined):
        raise Invalid("Too many addresses", "Name a network", field="from")
    return joined


def _judge(kind: str, blob: str) -> str:
    """The fingerprint of a key that is whole, of its type and strong enough. Raises Invalid."""
    try:
        raw = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        raise _invalid("The key is damaged: its letters are not base64", ONE_LINE) from None
    if base64.b64encode(raw).decode() != blob:
        raise _invalid("The key is damaged: its end is missing", ONE_LINE)
    parts = _parts(raw)
    if parts is None or not parts or parts[0] != kind.encode():
        raise _invalid("The key is damaged: it does not hold what its type says", ONE_LINE)
    _check(kind, parts[1:])
    return fingerprint(raw)


def _check(kind: str, parts: list[bytes]) -> None:
    whole = True
    if kind == "ssh-rsa":
        whole = len(parts) == 2 and all(part and part[0] < 0x80 for part in parts)
        if whole:
            exponent, modulus = (int.from_bytes(part) for part in parts)
            if not SHORTEST_RSA <= modulus.bit_length() <= LONGEST_RSA:
                raise _invalid(
                    f"An RSA key of {modulus.bit_length()} bits is not accepted",
                    f"At least {SHORTEST_RSA} bits; better make an ed25519 key",
                )
            whole = exponent >= 65537 and exponent % 2 == 1 and modulus % 2 == 1
    elif kind in _SECURITY_KEYS:
        whole = len(parts) >= 2 and parts[-1].startswith(b"ssh:")
        parts = parts[:-1]
        kind = _SECURITY_KEYS[kind]
    if kind.endswith("ed25519"):
        whole = whole and len(parts) == 1 and len(parts[0]) == 32
    elif "nistp" in kind:
        curve = kind.rpartition("-")[2]
        whole = whole and len(parts) == 2 and parts[0] == curve.encode()
        whole = whole and parts[1][:1] == b"\x04" and len(parts[1]) == 1 + 2 * _CURVES[curve]
    if not whole:
        raise _invalid("The key is damaged: it does not hold what its type says", ONE_LINE)


def _parts(raw: bytes) -> list[bytes] | None:
    """The length-prefixed strings of a key; None when they do not fill it exactly."""
    found, at = [], 0
    while at < len(raw):
        size = int.from_bytes(raw[at : at + 4])
        at += 4 + size
        if at > len(raw):
            return None
        found.append(raw[at - size : at])
    return found


def _invalid(message: str, hint: str) -> Invalid:
    return Invalid(message, hint, field="key")
