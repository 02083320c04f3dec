"""Settings of this installation: a TOML file, then the environment over it.

``DESKTERM_CONFIG`` names the file (default: ``deskterm.toml`` beside the database),
``DESKTERM_DATABASE`` the database, ``DESKTERM_DESK`` this workstation.
"""

from __future__ import annotations

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
    eligibility_stale: int = 30
    privacy_notice: str = "npp-2026"  # version of the notice to be acknowledged
    wait_limit: int = 30  # minutes of waiting before LONG, unless the visit type says
    overbook_limit: int = 2  # overbookings at one time
    hold_minutes: int = 5
    free_horizon: int = 400  # days of free time laid out ahead
    large_amount: int = 100_000_00  # cents above which an amount is refused
    duplicate_payment: int = 10  # minutes within which an equal payment is suspect
    area_code: str = "217"
    date_order: str = "MDY"


@dataclass(frozen=True)
class Settings:
    """Where things are, who signs in by default, and the practice's rules."""

    database: str = DEFAULT_DATABASE
    clinic: str = "Clinic"
    zone: str = "America/Chicago"
    default_login: str = ""
    desk: str = "d1"
    drawer: str = ""
    practice: bool = False  # a sample or training clinic: said on every screen
    frozen_now: str = ""  # ISO moment at which a sample clinic's clock stands; empty: real time
    policy: Policy = field(default_factory=Policy)

    @property
    def database_path(self) -> Path:
        """The file of an embedded database, without the ``sqlite://`` in front."""
        text = self.database.removeprefix("sqlite:///")
        return Path(text).expanduser()

    @property
    def key_path(self) -> Path:
        """The journal's key, beside the database but never inside it."""
        path = self.database_path
        return path.with_name(path.name + ".key")


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
    required = bool(config or environ.get("DESKTERM_CONFIG"))
    settings = _parse(path, required)
    if location:
        settings = replace(settings, database=location)
    elif not settings.database.startswith(("/", "~")) and "://" not in settings.database:
        settings = replace(settings, database=str(path.parent / settings.database))
    if environ.get("DESKTERM_DESK"):
        settings = replace(settings, desk=environ["DESKTERM_DESK"][:20])
    return settings


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
    return replace(_take(Settings, data, path), policy=policy)


def _take(kind: type[Any], data: Mapping[str, Any], path: Path) -> Any:
    known = {f.name: f for f in fields(kind)}
    for name, value in data.items():
        if name not in known:
            raise Invalid(f"{path.name}: unknown setting {name}", f"One of {', '.join(known)}")
        default = getattr(kind(), name)
        if type(value) is not type(default):
            raise Invalid(f"{path.name}: {name} must be {type(default).__name__}", "")
    return kind(**data)
