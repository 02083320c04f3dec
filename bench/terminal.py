"""The desk in a terminal against a bare Textual app, in one run: ``python bench/terminal.py``.

Cold start is the CPU of the process until its first screen has come and it fell silent; keys
are Down and Up on the board, each after 30 ms of quiet. CPU is what the scheduler counted, in
nanoseconds, of all of the process's threads. Both programs run with the desk's own settings for
Textual and from compiled bytecode, as an installation has it. Ratios are what counts: the
machine's own speed cancels out.
"""

from __future__ import annotations

import compileall
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from fcntl import ioctl
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    BINDINGS = [("down", "move(1)", "d"), ("up", "move(-1)", "u")]
    n = 0
    def compose(self):
        self.line = Static("READY 0"); yield self.line
    def action_move(self, by):
        self.n += by; self.line.update(f"READY {self.n}")
Bare().run(mouse=False)
"""
ROUNDS, KEYS = int(os.environ.get("ROUNDS", "5")), 160


class Run:
    """One program in a pseudo-terminal of 80x24."""

    def __init__(self, argv: list[str]) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
            os.execv(argv[0], argv)
        ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def read(self, quiet: float, limit: float = 20.0) -> tuple[bytes, float | None]:
        """What comes until ``quiet`` seconds of silence, and when its first byte came."""
        got, first, end = b"", None, time.perf_counter() + limit
        while time.perf_counter() < end:
            ready, _, _ = select.select([self.fd], [], [], quiet if got else limit)
            if not ready:
                break
            try:
                chunk = os.read(self.fd, 65536)
            except OSError:
                break
            first = first if first is not None else time.perf_counter()
            got += chunk
        return got, first

    def cpu(self) -> float:
        """Seconds of CPU so far."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def end(self) -> None:
        """Kill it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def measure(argv: list[str]) -> dict[str, float]:
    """Cold start, first paint, keys and idle of one program."""
    run = Run(argv)
    paint, _ = run.read(0.7)
    cold = run.cpu()
    waits, sizes = [], []
    before = run.cpu()
    for n in range(KEYS):
        time.sleep(0.03)
        sent = time.perf_counter()
        os.write(run.fd, b"\x1b[B" if n % 8 < 4 else b"\x1b[A")
        got, first = run.read(0.05, 2.0)
        waits.append(((first or time.perf_counter()) - sent) * 1000)
        sizes.append(len(got))
    keys = (run.cpu() - before) / KEYS * 1000
    idle, _ = run.read(5.0, 5.0)
    run.end()
    return {
        "cold start CPU s": cold,
        "first paint bytes": len(paint),
        "key to first byte ms": statistics.median(waits),
        "CPU per key ms": keys,
        "bytes per move": statistics.median(sizes),
        "idle bytes in 5 s": len(idle),
    }


def command(argv: list[str]) -> float:
    """CPU seconds of a command that ends by itself."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.execv(argv[0], argv)
    _, _, usage = os.wait4(pid, 0)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure in turn and print the table."""
    from deskterm.config import Settings
    from deskterm.office.demo import make_demo
    from deskterm.terminal.launch import prepare_environment

    prepare_environment()
    compileall.compile_dir("deskterm", quiet=2)
    folder = Path(tempfile.mkdtemp())
    make_demo(Settings(database=str(folder / "clinic.db")), patients=120).close()
    python = sys.executable
    desk = [python, "-m", "deskterm", "--db", str(folder / "clinic.db"), "--as", "mlopez"]
    bare = [python, "-c", BARE]
    runs: dict[str, list[dict[str, float]]] = {"bare": [], "desk": []}
    for _ in range(ROUNDS):
        runs["bare"].append(measure(bare))
        runs["desk"].append(measure(desk))
    targets = {"cold start CPU s": 1.4, "key to first byte ms": 1.2, "CPU per key ms": 1.2}
    limits = {"first paint bytes": 30_000, "bytes per move": 350, "idle bytes in 5 s": 0}
    print(f"{'':<22}{'bare':>10}{'desk':>10}{'ratio':>8}  target")
    for name in runs["bare"][0]:
        b = statistics.median(r[name] for r in runs["bare"])
        d = statistics.median(r[name] for r in runs["desk"])
        ratio = f"{d / b:.2f}" if b else "-"
        target = f"ratio <= {targets[name]}" if name in targets else f"<= {limits[name]}"
        print(f"{name:<22}{b:>10.2f}{d:>10.2f}{ratio:>8}  {target}")
    version = [command([python, "-m", "deskterm", "--version"]) for _ in range(ROUNDS * 2)]
    nothing = [command([python, "-c", "pass"]) for _ in range(ROUNDS * 2)]
    ratio = statistics.median(version) / statistics.median(nothing)
    print(f"{'--version / pass':<42}{ratio:>8.2f}  ratio <= 3")


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    main()
