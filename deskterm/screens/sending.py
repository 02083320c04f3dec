"""Starting the worker that sends, beside the desk and never in its way.

A process of its own: it may wait for a payer as long as that takes, the desk never does. Where a
worker runs already (the clinic's service), the new one finds nothing left and ends.
"""

from __future__ import annotations

import os
import subprocess
import sys

from deskterm.office import outbox
from deskterm.office.desk import Desk


def start(desk: Desk) -> None:
    """Send what waits, in a process that ends when nothing is left."""
    if os.environ.get("DESKTERM_NO_WORKER") or not outbox.listing(
        desk, states=("queued",), limit=1
    ):
        return
    subprocess.Popen(
        [sys.executable, "-m", "deskterm", "--db", desk.settings.database, "--as",
         desk.actor.login, "run", "outbox", "--once"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True, close_fds=True, cwd="/",
    )  # fmt: skip
