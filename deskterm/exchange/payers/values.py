"""A connection's address, a question for it and its answer, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from deskterm.exchange.payers.trouble import Unset

MOST = 4_000_000  # bytes of an answer
REAL_TIME = ("core_soap", "core_mime", "json")
BATCH = ("folder",)

# Transaction -> the PayloadType of CAQH CORE's envelope, and what answers it.
PAYLOADS: Mapping[str, tuple[str, str]] = {
    "270": ("X12_270_Request_005010X279A1", "271"),
    "276": ("X12_276_Request_005010X212", "277"),
    "278": ("X12_278_Request_005010X217E1_2", "278"),
}


@dataclass(frozen=True)
class Secret:
    """What proves who asks: user and password, or a key alone. Never shown, never stored."""

    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class JsonShape:
    """How one JSON service wants it. A name with dots goes into objects: ``data.x12``."""

    request: str = "x12"
    answer: str = "x12"
    header: str = "Authorization"
    prefix: str = "Key "


@dataclass(frozen=True)
class Address:
    """Where and how a connection is reached. Times are seconds."""

    kind: str
    url: str
    sender: str = ""
    receiver: str = ""
    timeout: float = 20.0
    at_once: int = 16
    ca_file: str = ""
    certificate: str = ""  # PEM of certificate and key, where the payer wants one
    host_key: str = ""  # an SFTP server's only accepted key: "ssh-ed25519 AAAA..."
    rule_version: str = "2.2.0"
    shape: JsonShape = field(default_factory=JsonShape)

    def __post_init__(self) -> None:
        """Raise Unset for an address that cannot be used safely."""
        parts = urlsplit(self.url)
        if parts.username or parts.password:
            raise Unset("No user or password in an address", "Put it into the secret")
        if self.kind in REAL_TIME and (parts.scheme != "https" or not parts.hostname):
            raise Unset("The address must begin with https://", "Only with TLS")
        if self.kind in BATCH and parts.scheme not in ("", "sftp"):
            raise Unset("A folder is a path, or sftp://host/path", "")
        if self.is_sftp and not self.host_key:
            raise Unset("The SFTP server's host key is needed", "ssh-keyscan -t ed25519 HOST")

    @property
    def is_sftp(self) -> bool:
        """Whether the folder is on another machine."""
        return self.kind in BATCH and self.url.startswith("sftp://")


@dataclass(frozen=True)
class Question:
    """One interchange to be sent. ``id`` is the envelope's PayloadID, ``trace`` our TRN02."""

    x12: str = field(repr=False)
    kind: str = "270"
    id: str = ""
    trace: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def payload_type(self) -> str:
        """What the envelope calls it."""
        return PAYLOADS[self.kind][0]

    @property
    def stamp(self) -> str:
        """The envelope's TimeStamp: UTC, whole seconds."""
        return self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Answer:
    """The interchange that came back, as it came."""

    x12: str = field(repr=False)
    payload_type: str = ""
    id: str = ""
