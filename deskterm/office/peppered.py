"""Turning a secret into what may be stored: HMAC under the pepper, then argon2id.

The pepper is 32 random bytes in a file of its own beside the journal's key, never in the
database: without it, a copy of the database cannot be used to try PINs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from deskterm.errors import Unreachable
from deskterm.office.desk import Desk

_HASHER = PasswordHasher(
    time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)
# Checked when there is nothing to check, so that an unknown login takes as long as a known one.
_NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$ZGVza3Rlcm0tbm9ib2R5IQ"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)


def pepper(desk: Desk) -> bytes:
    """The pepper; made when no secret depends on it yet.

    Raises Unreachable when the file is gone although secrets were made with it, or damaged.
    """
    path = desk.settings.pepper_path
    depends = "SELECT 1 FROM credential WHERE hash <> '' OR totp <> '' LIMIT 1"
    if not path.exists() and not desk.rows(depends):
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            pass
        except OSError as error:
            raise Unreachable(
                f"The file {path.name} cannot be made: {error.strerror}", "Check the folder"
            ) from None
        else:
            with os.fdopen(handle, "wb") as out:
                out.write(os.urandom(32))
                out.flush()
                os.fsync(out.fileno())
    try:
        found = path.read_bytes()
    except OSError:
        raise Unreachable(
            f"The file {path.name} is missing, so no PIN can be checked",
            "Put it back beside the database from a backup",
        ) from None
    if len(found) != 32:
        raise Unreachable(f"The file {path.name} is damaged", "Restore it from a backup")
    return found


def _mixed(desk: Desk, staff_id: int, secret: str) -> bytes:
    """The secret under the pepper, bound to its person: nobody's hash serves for another."""
    text = unicodedata.normalize("NFC", secret)
    return hmac.new(pepper(desk), f"{staff_id}:{text}".encode(), hashlib.sha256).digest()


def hashed(desk: Desk, staff_id: int, secret: str) -> str:
    """What may be stored of a secret."""
    return _HASHER.hash(_mixed(desk, staff_id, secret))


def matches(desk: Desk, staff_id: int, secret: str, stored: str) -> bool:
    """Whether ``secret`` is the one; as slow for an empty ``stored`` as for any other."""
    try:
        return _HASHER.verify(stored or _NOBODY, _mixed(desk, staff_id, secret)) and bool(stored)
    except (Argon2Error, InvalidHashError):
        return False


def code_hash(desk: Desk, staff_id: int, code: str) -> str:
    """What is stored of a recovery code. It has 50 random bits, so a keyed hash is enough."""
    text = f"recovery:{staff_id}:{code}".encode()
    return hmac.new(pepper(desk), text, hashlib.sha256).hexdigest()


def masked(desk: Desk, text: str) -> str:
    """A stand-in for a login nobody has: it may be a PIN typed into the wrong field."""
    return "?" + hmac.new(pepper(desk), b"login:" + text.encode(), hashlib.sha256).hexdigest()[:16]


def _cipher(desk: Desk) -> AESGCM:
    return AESGCM(hmac.new(pepper(desk), b"totp key", hashlib.sha256).digest())


def sealed(desk: Desk, staff_id: int, text: str) -> str:
    """``text`` encrypted for one person (AES-GCM under a key from the pepper)."""
    nonce = os.urandom(12)
    box = _cipher(desk).encrypt(nonce, text.encode(), f"totp:{staff_id}".encode())
    return base64.b64encode(nonce + box).decode()


def unsealed(desk: Desk, staff_id: int, box: str) -> str:
    """What :func:`sealed` encrypted. Raises Unreachable when it was changed or moved."""
    raw = base64.b64decode(box)
    try:
        return _cipher(desk).decrypt(raw[:12], raw[12:], f"totp:{staff_id}".encode()).decode()
    except InvalidTag:
        raise Unreachable(
            "The code app's key cannot be read", "Set it up again: deskterm staff totp"
        ) from None
