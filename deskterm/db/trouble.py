"""What the database driver complains of, said so that a clerk can act on it."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from peewee import DatabaseError, IntegrityError, InterfaceError, PeeweeException

from deskterm.errors import Busy, Conflict, DesktermError, Invalid, NotFound, Unreachable

# A constraint's or trigger's own words, and what they mean at the desk.
_GUARDS: dict[str, tuple[str, str, str]] = {
    "appointment_overlap": (
        "slot_taken",
        "That time was just taken by another desk",
        "Choose another time",
    ),
    "journal is append-only": ("journal", "The journal cannot be changed", ""),
    "a posted ": ("posted", "A posted payment cannot be changed", "Void it and post it again"),
    "approval_two_people": ("dual", "The second person must be another", "Ask somebody else"),
    "break_glass_review": ("reviewed", "Only another person reviews, and only once", ""),
    "session_one_live": ("session", "You are at another desk already", "Press Enter again"),
    "never removed": ("staff", "Staff are disabled, never removed", "x disables"),
    "receipt_sequence": ("receipt", "Two receipts asked for one number", "Press Enter again"),
    "allocation_over": (
        "allocation_over",
        "That is paid meanwhile; nothing was posted",
        "Look at what is due again",
    ),
    "allocation_under": (
        "allocation_under",
        "More would go back than was paid; nothing was posted",
        "Look at the receipt again",
    ),
    "day_closed": (
        "day_closed",
        "That business day is closed; nothing was posted",
        "Post it today, or have the day opened again",
    ),
    "day_frozen": (
        "day_frozen",
        "That business day is being counted; nothing was posted",
        "Press Enter again: it goes to the next one",
    ),
    "allocation_whose": ("whose", "That charge is another patient's", "Look it up again"),
    "payment_of_plan": ("drawer", "What a plan pays goes through no drawer", ""),
    "instalment_twice": (
        "planned",
        "One of the charges is on a payment plan already",
        "End that plan first",
    ),
    "account_guarantor_one": (
        "guarantor",
        "One of the two has a guarantor already, or is one",
        "End that first",
    ),
    "shift_closed": (
        "shift_closed",
        "That drawer is counted and closed",
        "Open it for the day first",
    ),
    "shift_open": ("shift_open", "That drawer is open already", "Count and close it first"),
    "day_close_order": (
        "day_state",
        "The day was closed or opened again meanwhile",
        "Look at it again",
    ),
    "adjustment_reverses": ("reverses", "That takes back something else", ""),
    "payment_unbalanced": (
        "unbalanced",
        "What was paid and what it was for do not add up",
        "Check the amounts",
    ),
}


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's exceptions into the error family."""
    try:
        yield
    except PeeweeException as error:
        raise translate(error) from error
    except OverflowError:
        # A number beyond 64 bits cannot be any record's.
        raise NotFound("No such record", "Look it up again") from None
    except UnicodeEncodeError:
        # Half a character, from bytes that are not UTF-8: no stored text can hold it.
        raise Invalid("This text is not whole", "Type it again without pasting") from None


def translate(error: BaseException) -> DesktermError:
    """The error a clerk can act on; a failed rollback hides its cause in ``__context__``."""
    chain: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None and seen not in chain:
        chain.append(seen)
        seen = seen.__context__
    said = " | ".join(str(e) for e in chain).lower()
    for words, (rule, message, hint) in _GUARDS.items():
        if words in said:
            return Conflict(message, hint, rule=rule)
    if "locked" in said or "busy" in said:
        return Busy("The database is busy", "Nothing was changed; press Enter to try again")
    if "full" in said and "disk" in said:
        return full()
    if "readonly" in said or "read-only" in said:
        return read_only()
    if "not a database" in said or "malformed" in said or "encrypted" in said:
        return Unreachable(
            "The file is not a deskterm database, or it is damaged",
            "Check --db, or restore a backup with deskterm admin restore",
        )
    if isinstance(error, IntegrityError):
        return _broken_rule(said)
    if isinstance(error, DatabaseError | InterfaceError):
        return Unreachable(
            "The database does not answer; nothing was saved",
            "Try again; deskterm admin doctor tells more",
        )
    return Invalid("The database refused the change; nothing was saved", "")


def full() -> Unreachable:
    """The error for a disk without room; the connection is still good for reading."""
    return Unreachable(
        "The disk is full; nothing was saved",
        "Free some room, then press Enter again",
        full=True,
    )


def read_only() -> Unreachable:
    """The error for a disk or file that may be read but not written."""
    return Unreachable(
        "The database may only be read; nothing was saved", "Check the disk and the file's owner"
    )


def cannot_write(error: OSError) -> Unreachable:
    """What the operating system says of a file beside the database."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full()
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return read_only()
    return Unreachable(f"The database cannot be written: {error.strerror}", "Check the disk")


def _broken_rule(said: str) -> DesktermError:
    column = said.rsplit(".", 1)[-1].split(" ")[0] if "failed:" in said else ""
    if "unique" in said:
        return Conflict("That is on file already", "Look it up first", rule="unique")
    if "foreign key" in said:
        return Conflict("It refers to a record that does not exist", "", rule="reference")
    return Invalid(f"The database refused a value{f' for {column}' if column else ''}", "")
