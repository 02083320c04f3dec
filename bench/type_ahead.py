"""Keys typed ahead on the real desk, every gap fifty times: ``python bench/type_ahead.py``.

Each run types F2, a name, Enter, b, a date, Tab, a note, Enter, Enter, in one write or 5, 30 and
80 ms apart. It is right when exactly that one visit was booked, with its note, and no letter did
anything else (T-01). In a bare terminal and in tmux; exit code 1 when a run was wrong.
``--runs N`` for fewer.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.terminal.desk_fixture import Morning, ready
from tests.terminal.type_ahead import book_and_take_back

GAPS = (0, 5, 30, 80)  # milliseconds between keys


def right(morning: Morning, gap_ms: int, runs: int, *, tmux: bool) -> int:
    """How many of ``runs`` were right; what was wrong with the others is printed."""
    done = found = 0
    while done < runs:
        # After a wrong run the desk starts anew, so that no run spoils the next.
        with morning.terminal(tmux=tmux) as term:
            ready(term)
            while done < runs:
                done += 1
                try:
                    book_and_take_back(morning, term, gap_ms)
                except AssertionError as error:
                    print(f"run {done}, {gap_ms} ms: {error}")
                    break
                found += 1
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    runs = parser.parse_args().runs
    all_right = True
    for where in ("pty", "tmux"):
        total = 0
        with tempfile.TemporaryDirectory() as folder, Morning(Path(folder)) as morning:
            for gap_ms in GAPS:
                begun = time.monotonic()
                found = right(morning, gap_ms, runs, tmux=where == "tmux")
                total += found
                took = time.monotonic() - begun
                print(
                    f"{where:<5}{gap_ms:>3} ms apart: {found} of {runs} ({took:.0f} s)", flush=True
                )
        print(f"{where:<5}{total} of {runs * len(GAPS)} right", flush=True)
        all_right &= total == runs * len(GAPS)
    return 0 if all_right else 1


if __name__ == "__main__":
    sys.exit(main())
