"""A thousand business days with mistakes put in on purpose: ``python bench/days.py [DAYS]``.

Every drawer without a mistake must count to zero, every day must prove its receivables, and of
the mistakes at least 90 in 100 must be named by the first three explanations. Then hledger
totals the journal of all of it, and every figure of every day must be the same.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.office import clinic
from tests import books
from tests.factories import clinic as factory
from tests.money_days import Days


def main(days: int = 1000, clerks: int = 10) -> None:
    """Play the days and print what was named."""
    with tempfile.TemporaryDirectory() as folder:
        clock = FrozenClock(datetime(2026, 3, 18, 14, 42, tzinfo=UTC))
        settings = Settings(database=str(Path(folder) / "clinic.db"), clinic="Main St Clinic")
        desk = clinic.init(settings, login="mlopez", name="Maria Lopez", clock=clock)
        desk.database.execute_sql("PRAGMA synchronous = OFF")  # speed only; nothing is lost here
        first = desk.today()
        began = time.process_time()
        result = Days(factory(desk), clock, clerks=clerks, seed=1).play(days)
        spent = time.process_time() - began
        receipts = desk.rows("SELECT count(*) FROM payment")[0][0]
        last = first + timedelta(days=days)
        differ = books.differences(desk, first, last, Path(folder))
        desk.close()
    print(f"{result.days} days, {receipts} documents, {spent:.0f} s of CPU")
    print(f"{result.balanced} drawers without a mistake, all counted to zero")
    print(f"{'mistake':<26}{'planted':>8}{'named in 3':>12}")
    for kind, planted in sorted(result.planted.items()):
        print(f"{kind:<26}{planted:>8}{result.named[kind] / planted:>12.1%}")
    planted, named = sum(result.planted.values()), sum(result.named.values())
    print(f"{'all':<26}{planted:>8}{named / max(planted, 1):>12.1%}   target 90 %")
    print(f"hledger: {len(differ)} figures differ", *differ[:8], sep="\n  ")
    for line in result.missed[:8]:
        print("missed:", line)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
