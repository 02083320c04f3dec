"""Facts about time in the schedule that are known without loading the models."""

from __future__ import annotations

# Appointments that occupy their time.
HOLDING = ("scheduled", "completed")
# Lanes from here on are overbookings: outside the capacity, each with its reason.
OVERBOOK_LANE = 100
# Minutes from which on a free stretch is also in an index of its own, so that the search for a
# long visit does not read through every short gap of a full schedule.
LENGTH_CLASSES = (15, 30)
