"""A second copy of what the journal does not hold, so that a flipped bit in it is found.

Drafts, held slots and the notes of an import are written too often, or matter too little, to be
journaled. An index over their columns keeps every value twice, and ``PRAGMA integrity_check``
compares the two.
"""

from __future__ import annotations

COPIES: dict[str, tuple[str, ...]] = {
    "draft": (
        "state", "heading", "form", "desk", "subject_id", "status", "reason", "opened_at",
        "saved_at", "step", "cause", "parked_at", "seen",
    ),
    "fhir_source": ("digest", "taken", "imported_at"),
    "free_horizon": ("laid_until",),
    "outbox_lease": ("holder", "taken_at", "until"),
    "slot_hold": ("expires_at", "starts_at", "minutes", "desk", "staff"),
}  # fmt: skip
INDEXES = tuple(
    f"CREATE INDEX {table}_copy ON {table} ({', '.join(columns)})"
    for table, columns in COPIES.items()
)
