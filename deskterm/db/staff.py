"""Who works here: staff, the permissions of their roles, providers, locations and rooms."""

from __future__ import annotations

from peewee import BooleanField, CompositeKey

from deskterm.db.base import Record, Versioned
from deskterm.db.fields import CleanText, Reference, Whole


class Staff(Versioned):
    """A person who signs in. Accounts are made inactive, never removed or reused."""

    title = "staff member"

    login = CleanText(32, unique=True, verbose_name="Login")
    name = CleanText(80, verbose_name="Name")
    role = CleanText(32, verbose_name="Role", help_text="front_desk, biller, manager, ...")
    active = BooleanField(default=True)


class RolePermission(Record):
    """One thing that one role may do."""

    title = "role permission"

    role = CleanText(32)
    permission = CleanText(40)

    class Meta:
        primary_key = CompositeKey("role", "permission")


class Location(Versioned):
    """A place where patients are seen. Hours are minutes after midnight, wall time."""

    title = "location"

    code = CleanText(8, unique=True)
    name = CleanText(60)
    address = CleanText(200, lines=True)
    phone = CleanText(20)
    zone = CleanText(40, help_text="IANA time zone, for example America/Chicago")
    opens = Whole(default=420)
    closes = Whole(default=1140)
    receipt_prefix = CleanText(4, default="R", unique=True)
    active = BooleanField(default=True)


class Room(Record):
    """A room at a location."""

    title = "room"

    location = Reference(Location)
    name = CleanText(20)
    active = BooleanField(default=True)

    class Meta:
        indexes = ((("location", "name"), True),)


class Provider(Versioned):
    """Someone (or a nurse's column) whom visits are booked with; ``code`` is what is typed."""

    title = "provider"

    code = CleanText(12, unique=True)
    first_name = CleanText(60)
    last_name = CleanText(60)
    credential = CleanText(12)
    npi = CleanText(10, null=True, unique=True)
    specialty = CleanText(60)
    sort_order = Whole(default=0)
    active = BooleanField(default=True)

    @property
    def heading(self) -> str:
        """``LEE MD``, the column heading."""
        return f"{self.code} {self.credential}".strip()


MODELS = (Staff, RolePermission, Location, Room, Provider)
