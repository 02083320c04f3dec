"""Which appointments occupy their time, and where: known without loading the models."""

from __future__ import annotations

# Appointments that occupy their time.
HOLDING = ("scheduled", "completed")
# Lanes from here on are overbookings: outside the capacity, each with its reason.
OVERBOOK_LANE = 100
