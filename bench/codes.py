"""What a search for a code costs on the full ICD-10-CM, and how often a misspelt word is found.

``python bench/codes.py ORDER_FILE [--queries N]`` imports the government's order file into a
clinic of its own and prints JSON: milliseconds of this process's CPU of whole
``code_search.find`` calls by kind of query (median, p99), the same as a ratio to one look-up of a
code by its key, and the share of words with one typing error that still lead to their code.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.finder import misspelt, percentile
from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.office import clinic, code_import, code_search
from deskterm.office.code_index import words_of
from deskterm.office.desk import Desk

NOW = datetime(2026, 3, 18, 14, 42, tzinfo=UTC)
Kind = Callable[[str, list[str], random.Random], str]
KINDS: dict[str, Kind] = {
    "code": lambda code, words, chance: code,
    "beginning of a code": lambda code, words, chance: code[:3],
    "two letters": lambda code, words, chance: words[0][:2],
    "word": lambda code, words, chance: chance.choice(words),
    "beginnings of words": lambda code, words, chance: " ".join(w[:4] for w in words[:3]),
    "all words": lambda code, words, chance: " ".join(words[:6]),
    "misspelt word": lambda code, words, chance: misspelt(max(words, key=len), chance),
    "word and misspelt word": lambda code, words, chance: (
        f"{words[0]} {misspelt(max(words, key=len), chance)}"
    ),
}


def spent(action: Callable[[], object]) -> float:
    """Milliseconds of CPU of one call."""
    began = time.thread_time()
    action()
    return 1000 * (time.thread_time() - began)


def main() -> None:
    """Import, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--queries", type=int, default=300)
    given = parser.parse_args()
    chance = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database=str(Path(folder) / "c.db"), clinic="Bench")
        desk = clinic.init(settings, login="bench", name="Bench", clock=FrozenClock(NOW))
        load = spent(
            lambda: code_import.import_file(
                desk, "icd10cm", given.file, starts_on=date(2025, 10, 1)
            )
        )
        print(
            json.dumps(measure(desk, given.queries, chance) | {"import ms": round(load)}, indent=1)
        )
        desk.close()


def measure(desk: Desk, count: int, chance: random.Random) -> dict[str, object]:
    """The figures of all kinds, and the recall of misspelt words."""
    known = desk.rows("SELECT code, label FROM code_entry WHERE kind = 'code' ORDER BY id")
    sample = [
        (code, [w for w in words_of(label) if len(w) > 3 and w.isalpha()] or ["pain"])
        for code, label in chance.sample(known, count)
    ]
    key = statistics.median(
        spent(
            lambda code=code: desk.rows(
                "SELECT label FROM code_entry WHERE system = 'icd10cm' AND code = ?", code
            )
        )
        for code, _ in sample
    )
    figures: dict[str, object] = {}
    every: list[float] = []
    for kind, typed in KINDS.items():
        times = []
        for code, words in sample:
            text = typed(code, words, chance)
            times.append(spent(lambda text=text: code_search.find(desk, text, limit=30)))
        every += times
        middle = statistics.median(times)
        figures[kind] = {
            "p50": round(middle, 2),
            "p99": round(percentile(times, 0.99), 2),
            "x a look-up": round(middle / key, 1),
        }
    figures["all"] = {
        "p50": round(statistics.median(every), 2),
        "p99": round(percentile(every, 0.99), 2),
    }
    found = 0
    for _, words in sample:
        word = max(words, key=len)
        hits = code_search.find(desk, misspelt(word, chance), limit=30).rows
        found += any(word in words_of(hit.label) for hit in hits)
    return {
        "codes": len(known),
        "ms of CPU": figures,
        "misspelt words found": round(found / count, 3),
    }


if __name__ == "__main__":
    main()
