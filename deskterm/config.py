"""Settings of this installation: a TOML file, then the environment over it.

``DESKTERM_CONFIG`` names the file (default: ``deskterm.toml`` beside the database),
``DESKTERM_DATABASE`` the database, ``DESKTERM_DESK`` this workstation.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import field, fields, replace
from pathlib import Path
from typing import Any

from deskterm.errors import Invalid
from deskterm.values import dataclass

DEFAULT_DATABASE = "~/.local/share/deskterm/clinic.db"


@dataclass(frozen=True)
class Policy:
    """The practice's own rules. Days and minutes unless said otherwise."""

    no_show_grace: int = 15  # minutes after the start before no-show may be marked
    late_after: int = 5  # minutes after the start before the board says LAT
    late_cancel_notice: int = 24 * 60  # minutes of notice below which a cancel is late
    address_stale: int = 365
    card_stale: int = 365
    eligibility_stale: int = 30  # days after which a payer is asked again whether it covers
    benefits_stale: int = 90  # days after which amounts are asked again
    privacy_notice: str = "npp-2026"  # version of the notice to be acknowledged
    wait_limit: int = 30  # minutes of waiting before LONG, unless the visit type says
    overbook_limit: int = 2  # overbookings at one time
    hold_minutes: int = 5
    free_horizon: int = 400  # days of free time laid out ahead
    large_amount: int = 100_000_00  # cents above which an amount is refused
    drawer_float: int = 100_00  # cents that a new drawer starts with
    one_drawer_each: bool = False  # whether one person may have only one drawer open
    variance_limit: int = 20_00  # cents of difference above which a second person closes
    refund_cash_limit: int = 100_00  # cents above which a refund is not paid in cash
    check_clears_days: int = 10  # before what a check paid may be refunded
    returned_check_fee: int = 35_00  # cents
    no_show_fee: int = 0  # cents, where the visit type says nothing else; 0: none
    late_cancel_fee: int = 0  # cents, for a visit that the patient cancels late; 0: none
    no_fee_plan_types: tuple[str, ...] = ("MEDICAID", "MCO")  # never charged for a missed visit
    form_fee: int = 25_00  # cents suggested for filling in a form
    no_checks_days: int = 730  # after a returned check
    duplicate_payment: int = 10  # minutes within which an equal payment is suspect
    authorization_answer: int = 7  # business days within which a payer should have answered
    expedited_answer: int = 3  # the same for an expedited request
    pended_answer: int = 2  # business days within which a payer's question is answered
    appeal_days: int = 180  # days after a denial within which it can be appealed
    peer_days: int = 10  # business days after a denial for a peer-to-peer call
    referral_sent: int = 5  # business days within which a sent referral should be scheduled
    referral_report: int = 10  # business days after the visit within which a report should come
    low_units: int = 2  # units left at which an authorization is said to end soon
    ends_soon: int = 14  # days to its end at which it is
    area_code: str = "217"
    date_order: str = "MDY"
    totp_roles: tuple[str, ...] = ("administrator",)  # who signs in with a code app as well
    own_void_alone: bool = False  # whether today's own payment may be voided without a second yes
    lock_after: int = 5  # minutes without a key, 1 to 15; it cannot be switched off
    log_off_after: int = 30  # minutes without a key after which the desk is closed
    pin_required: bool = False  # whether a person without a PIN chooses one before anything else
    take_over: bool = True  # whether another person may sign on at a locked desk
    export_minutes: int = 5  # since the PIN was typed, after which a file asks for it; 0: always
    restricted_names: str = "initials"  # of a restricted record in lists: initials, or none


@dataclass(frozen=True)
class Anchors:
    """Where the journal's head is noted outside the database; empty means not there."""

    file: str = ""  # a file that is only ever added to; beside the database unless absolute
    syslog: str = ""  # the socket of the system log, for example /dev/log
    every: int = 1000  # entries between two anchors
    mail_to: tuple[str, ...] = ()  # who keeps anchors that are mailed
    mail_from: str = ""
    smtp_host: str = ""
    smtp_port: int = 0  # 0: the usual one
    smtp_security: str = "starttls"  # starttls, tls, or none to this same computer
    smtp_ca: str = ""  # a file of certificates to trust instead of the system's
    smtp_user: str = ""
    smtp_password_file: str = ""  # readable by its owner only


@dataclass(frozen=True)
class Mail:
    """The server that takes the clinic's e-mail; without one nothing is sent."""

    server: str = ""  # host or host:port
    sender: str = ""  # an address the practice reads: front.desk@example.org
    starttls: bool = True  # off only for a server on this machine
    login: str = ""
    password_file: str = ""  # beside the database unless absolute; for the desk's account alone


@dataclass(frozen=True)
class Settings:
    """Where things are, who signs in by default, and the practice's rules."""

    database: str = DEFAULT_DATABASE
    clinic: str = "Clinic"
    zone: str = "America/Chicago"
    default_login: str = ""
    desk: str = "d1"
    drawer: str = ""
    tax_id: str = ""  # the practice's, for receipts and estimates
    npi: str = ""  # the practice's own, for asking payers; empty: that of the provider
    printer: str = ""  # the CUPS queue for letters; empty: no printing
    receipt_printer: str = ""  # the CUPS queue of a receipt printer (raw ESC/POS)
    receipt_columns: int = 40  # characters on a line of it
    pin_at_start: bool = True  # a desk opened over SSH begins locked, for people with a PIN
    pin_spoken_for: bool = True  # and one that another account opens for somebody (--as)
    practice: bool = False  # a sample or training clinic: said on every screen
    frozen_now: str = ""  # ISO moment at which a sample clinic's clock stands; empty: real time
    keys_file: str = ""  # where the keys for sshd are published; empty: nowhere
    gate: str = "/usr/local/lib/deskterm/gate"  # what sshd runs for a key
    desks: Mapping[str, str] = field(default_factory=dict)  # client address -> workstation
    policy: Policy = field(default_factory=Policy)
    anchors: Anchors = field(default_factory=Anchors)
    mail: Mail = field(default_factory=Mail)

    @property
    def anchor_path(self) -> Path | None:
        """The file of anchors, if one is wanted."""
        if not self.anchors.file:
            return None
        return self.database_path.parent / Path(self.anchors.file).expanduser()

    @property
    def database_path(self) -> Path:
        """The file of an embedded database, without the ``sqlite://`` in front."""
        text = self.database.removeprefix("sqlite:///")
        return Path(text).expanduser()

    @property
    def templates(self) -> Path:
        """Where the clinic keeps its own templates for paper."""
        return self.database_path.with_name("templates")

    @property
    def key_path(self) -> Path:
        """The journal's key, beside the database but never inside it."""
        path = self.database_path
        return path.with_name(path.name + ".key")

    @property
    def secrets_path(self) -> Path:
        """The folder of secrets that connections name: beside the database, never inside it."""
        return self.database_path.with_name("secrets")

    @property
    def pepper_path(self) -> Path:
        """What every PIN is mixed with, beside the journal's key and outside the database."""
        path = self.database_path
        return path.with_name(path.name + ".pepper")


def load(
    environ: Mapping[str, str] | None = None,
    *,
    database: str | None = None,
    config: str | Path | None = None,
) -> Settings:
    """Settings from the file and the environment; ``database`` and ``config`` win over both.

    Raises Invalid for a file that cannot be read, is not TOML, or names an unknown setting.
    """
    environ = os.environ if environ is None else environ
    location = database or environ.get("DESKTERM_DATABASE", "")
    path = Path(config or environ.get("DESKTERM_CONFIG", "") or _beside(location)).expanduser()
    check_name(path)
    required = bool(config or environ.get("DESKTERM_CONFIG"))
    settings = _parse(path, required)
    if location:
        settings = replace(settings, database=location)
    elif not settings.database.startswith(("/", "~")) and "://" not in settings.database:
        settings = replace(settings, database=str(path.parent / settings.database))
    if "://" not in settings.database:
        check_name(settings.database_path)
    if environ.get("DESKTERM_DESK"):
        settings = replace(settings, desk=environ["DESKTERM_DESK"][:20])
    return settings


def check_name(path: Path) -> None:
    """Raise Invalid for what cannot be the name of a file: too long, with a NUL, not UTF-8."""
    try:
        str(path).encode()
        os.stat(path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        if getattr(error, "errno", errno.EINVAL) in (errno.EINVAL, errno.ENAMETOOLONG, errno.ELOOP):
            raise Invalid("That cannot be the name of a file", "Check the name") from None


def _beside(location: str) -> Path:
    text = (location or DEFAULT_DATABASE).removeprefix("sqlite:///")
    return Path(text).expanduser().parent / "deskterm.toml"


def _parse(path: Path, required: bool) -> Settings:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        if required:
            raise Invalid(f"No settings file {path.name}", "Check DESKTERM_CONFIG") from None
        return Settings()
    except (OSError, UnicodeDecodeError):
        raise Invalid(f"The settings file {path.name} cannot be read", "") from None
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{path.name} is not valid TOML: {error}", "Mend that line") from None
    policy = _take(Policy, data.pop("policy", {}), path)
    anchors = _take(Anchors, data.pop("anchors", {}), path)
    mail = _take(Mail, data.pop("mail", {}), path)
    return replace(_take(Settings, data, path), policy=policy, anchors=anchors, mail=mail)


def _take(kind: type[Any], data: Mapping[str, Any], path: Path) -> Any:
    known = {f.name: f for f in fields(kind)}
    taken: dict[str, Any] = {}
    for name, value in data.items():
        if name not in known:
            raise Invalid(f"{path.name}: unknown setting {name}", f"One of {', '.join(known)}")
        default = getattr(kind(), name)
        if isinstance(default, tuple) and isinstance(value, list):
            value = tuple(value)
        if type(value) is not type(default):
            raise Invalid(f"{path.name}: {name} must be {type(default).__name__}", "")
        taken[name] = value
    return kind(**taken)
