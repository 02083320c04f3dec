"""A thousand business days with mistakes put in on purpose.

``python bench/days.py [DAYS [CLERKS [PROCESSES]]]``; every process plays its share in a clinic of
its own.

Every drawer without a mistake must count to zero, every day must prove its receivables, and of
the mistakes at least 90 in 100 must be named by the first three explanations. Then hledger
totals the journal of all of it, and every figure of every day must be the same.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.office import clinic
from tests import books
from tests.factories import clinic as factory
from tests.money_days import Days, Result

PEOPLE = 600  # who come again and again; far fewer would have accounts as nobody has


@dataclass
class Played:
    """What one process found out."""

    result: Result
    receipts: int
    spent: float
    differ: list[str]


def play(days: int, clerks: int, seed: int) -> Played:
    """Play some days in a clinic of their own."""
    with tempfile.TemporaryDirectory() as folder:
        clock = FrozenClock(datetime(2026, 3, 18, 14, 42, tzinfo=UTC))
        settings = Settings(database=str(Path(folder) / "clinic.db"), clinic="Main St Clinic")
        desk = clinic.init(settings, login="mlopez", name="Maria Lopez", clock=clock)
        desk.database.execute_sql("PRAGMA synchronous = OFF")  # speed only; nothing is lost here
        first = desk.today()
        began = time.process_time()
        result = Days(factory(desk), clock, clerks=clerks, seed=seed, people=PEOPLE).play(days)
        spent = time.process_time() - began
        receipts = desk.rows("SELECT count(*) FROM payment")[0][0]
        last = first + timedelta(days=days)
        differ = books.differences(desk, first, last, Path(folder))
        desk.close()
    return Played(result, receipts, spent, differ)


def main(days: int = 1000, clerks: int = 10, processes: int = 2) -> None:
    """Play the days and print what was named."""
    shares = [days // processes + (n < days % processes) for n in range(processes)]
    with ProcessPoolExecutor(processes) as pool:
        many = list(pool.map(play, shares, [clerks] * processes, range(1, processes + 1)))
    results = [one.result for one in many]
    planted = sum((r.planted for r in results), Counter[str]())
    named = sum((r.named for r in results), Counter[str]())
    print(
        f"{sum(r.days for r in results)} days, {sum(one.receipts for one in many)} documents,"
        f" {sum(one.spent for one in many):.0f} s of CPU"
    )
    print(f"{sum(r.balanced for r in results)} drawers without a mistake, all counted to zero")
    print(f"{'mistake':<26}{'planted':>8}{'named in 3':>12}")
    for kind, count in sorted(planted.items()):
        print(f"{kind:<26}{count:>8}{named[kind] / count:>12.1%}")
    print(f"{'all':<26}{planted.total():>8}{named.total() / max(planted.total(), 1):>12.1%}"
          "   target 90 %")  # fmt: skip
    differ = [line for one in many for line in one.differ]
    print(f"hledger: {len(differ)} figures differ", *differ[:8], sep="\n  ")
    for line in [line for r in results for line in r.missed][:8]:
        print("missed:", line)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
