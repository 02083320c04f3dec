"""An unexpected error as one line without any value: what kind, and where."""

from __future__ import annotations

import hashlib
import traceback


def describe(error: BaseException) -> str:
    """``Something unexpected: KeyError at visits.py:88 (ref 3f9a2c)``; no value is shown."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "deskterm" in f.filename]
    last = frames[-1] if frames else None
    where = f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno}" if last else "unknown place"
    text = f"{type(error).__name__} at {where}"
    mark = hashlib.sha256(text.encode()).hexdigest()[:6]
    return f"Something unexpected: {text} (ref {mark}). Nothing more was done"
