"""The contact step of a check-in: the same, or the change typed as it is said."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from deskterm.entry.phones import parse_phone, show_phone
from deskterm.errors import Conflict, DesktermError, Invalid
from deskterm.office import patients
from deskterm.office.desk import Desk
from deskterm.office.patients import AddressEntry, PhoneEntry

_SAME = ("y", "yes", "same")
_PHONE = re.compile(r"[-+() ./0-9]{7,}")
_TOWN = re.compile(
    r"(?P<city>[^\d,]*?)[ ,]*(?:\b(?P<state>[A-Za-z]{2})\b)?[ ,]*(?P<code>\d{5}(?:-\d{4})?)?"
)


@dataclass(frozen=True)
class Contact:
    """What the patient said: nothing new, a new phone number (E.164), or a new address."""

    phone: str = ""
    address: AddressEntry | None = None

    @property
    def words(self) -> str:
        """The change in words; empty when there is none."""
        if self.address is not None:
            a = self.address
            return f"new: {a.line1}, {a.city} {a.state} {a.postal_code}".rstrip(" ,")
        return f"new: {show_phone(self.phone)}" if self.phone else ""


def read_contact(desk: Desk, patient_id: int, text: str) -> Contact:
    """``y``, a phone number, or an address: ``55 Oak St`` or ``55 Oak St, Macon IL 62544``.

    Town, state and ZIP that are not said stay as they are. Raises Invalid.
    """
    if text.lower() in _SAME:
        return Contact()
    if _PHONE.fullmatch(text):
        return Contact(phone=parse_phone(text, area_code=desk.settings.policy.area_code))
    line, _, town = (part.strip() for part in text.partition(","))
    found = _TOWN.fullmatch(town)
    if not re.search(r"[A-Za-z]", line) or not re.search(r"\d", line) or found is None:
        raise Invalid("Not a change", "y, the new phone, or 55 Oak St, Macon IL 62544")
    known = _address(desk, patient_id)
    return Contact(
        address=replace(
            known,
            line1=line,
            line2="",
            city=found["city"].strip() or known.city,
            state=(found["state"] or known.state).upper(),
            postal_code=found["code"] or known.postal_code,
        )
    )


def write_contact(desk: Desk, patient_id: int, contact: Contact) -> None:
    """Keep what is new; again changes nothing. The old is ended, never overwritten."""
    if contact.address is not None:
        patients.set_address(desk, patient_id, contact.address)
    if contact.phone:
        try:
            patients.set_phone(desk, patient_id, PhoneEntry(contact.phone))
        except Conflict as error:
            if error.rule != "unique":
                raise


def _address(desk: Desk, patient_id: int) -> AddressEntry:
    """The address that counts now; an empty one when there is none to be seen."""
    try:
        found = patients.card(desk, patient_id).addresses
    except DesktermError:
        found = ()
    if not found:
        return AddressEntry()
    now = found[0]
    return AddressEntry(
        now.line1, now.line2, now.city, now.state, now.postal_code, now.country, now.kind
    )
