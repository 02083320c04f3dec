"""Asks the other implementations (peer.py) in the environment that DESKTERM_X12_PEER names."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

PEER = Path(__file__).with_name("peer.py")


def ask(folder: Path, texts: dict[str, str]) -> dict[str, Any]:
    """What the peers say of each text. Skips loudly without them; in CI their absence fails."""
    python = os.environ.get("DESKTERM_X12_PEER", "")
    if not python:
        if os.environ.get("CI"):
            pytest.fail("DESKTERM_X12_PEER is not set: .ci/run makes that environment")
        pytest.skip("NO PEER: DESKTERM_X12_PEER names no python with linuxforhealth-x12 and pyx12")
    paths = []
    for name, text in texts.items():
        path = folder / name
        path.write_text(text, "utf-8")
        paths.append(str(path))
    done = subprocess.run(
        [python, str(PEER), *paths], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert set(found) == set(texts)
    return dict(found)
