"""The keys with which people sign in over SSH. One key is one person, for ever."""

from __future__ import annotations

from deskterm.db.base import Versioned
from deskterm.db.fields import CleanText, Day, Moment, Reference
from deskterm.db.staff import Staff


class SshKey(Versioned):
    """A public key. It is revoked, never removed, and never given to somebody else."""

    title = "SSH key"

    staff = Reference(Staff)
    kind = CleanText(40, verbose_name="Type")
    blob = CleanText(4000, verbose_name="Key")
    fingerprint = CleanText(60, unique=True, verbose_name="Fingerprint")
    label = CleanText(40, verbose_name="Label", help_text="front desk 2, laptop, ...")
    addresses = CleanText(400, verbose_name="From", help_text="10.0.0.0/24; empty: anywhere")
    expires_on = Day(null=True, verbose_name="Last day")
    added_at = Moment()
    revoked_at = Moment(null=True)


MODELS = (SshKey,)
TRIGGERS = (
    """CREATE TRIGGER ssh_key_no_delete BEFORE DELETE ON ssh_key
    BEGIN SELECT RAISE(ABORT, 'a key is revoked, never removed'); END""",
    """CREATE TRIGGER ssh_key_no_replace BEFORE INSERT ON ssh_key
    WHEN EXISTS (SELECT 1 FROM ssh_key WHERE id = NEW.id OR fingerprint = NEW.fingerprint)
    BEGIN SELECT RAISE(ABORT, 'a key is enrolled once'); END""",
    """CREATE TRIGGER ssh_key_is_its_owners BEFORE UPDATE ON ssh_key
    WHEN NEW.staff_id IS NOT OLD.staff_id OR NEW.blob IS NOT OLD.blob
      OR NEW.kind IS NOT OLD.kind OR NEW.fingerprint IS NOT OLD.fingerprint
      OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NOT OLD.revoked_at)
    BEGIN SELECT RAISE(ABORT, 'a key is its owner''s, and revoked for good'); END""",
)
