"""What other implementations make of our X12. Run by the python of their own environment.

``peer.py FILE...`` prints JSON, for each file: what linuxforhealth-x12 read (its values segment by
segment, and the text that it writes back) or why it refused, the faults that pyx12's reader found
(envelopes, counts, the tree of HL), and for a 999 those that pyx12's map of it found.
"""

from __future__ import annotations

import io
import json
import logging
import sys
from pathlib import Path
from typing import Any


def linuxforhealth(text: str) -> dict[str, Any]:
    from linuxforhealth.x12.io import X12ModelReader

    try:
        with X12ModelReader(text) as reader:
            models = list(reader.models())
        return {
            "read": [json.loads(model.json()) for model in models],
            "written": [model.x12() for model in models],
        }
    except Exception as error:  # whatever it raises is its refusal
        return {"refused": f"{type(error).__name__}: {error}"}


def pyx12_reader(text: str) -> dict[str, Any]:
    import pyx12.x12file

    try:
        names, faults = [], []
        with pyx12.x12file.X12Reader(io.StringIO(text)) as reader:
            for segment in reader:
                names.append(segment.get_seg_id())
                faults += [list(map(str, fault)) for fault in reader.pop_errors()]
            reader.cleanup()
            faults += [list(map(str, fault)) for fault in reader.pop_errors()]
        return {"segments": names, "faults": faults}
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"}


def pyx12_map(text: str) -> dict[str, Any]:
    import pyx12.params
    import pyx12.x12n_document

    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    logger = logging.getLogger("pyx12")
    logger.addHandler(handler)
    try:
        sound = pyx12.x12n_document.x12n_document(
            pyx12.params.params(), io.StringIO(text), None, None, None
        )
        return {"sound": bool(sound), "heard": heard.getvalue()}
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}", "heard": heard.getvalue()}
    finally:
        logger.removeHandler(handler)


def main() -> None:
    found = {}
    for name in sys.argv[1:]:
        text = Path(name).read_text("utf-8")
        said: dict[str, Any] = {"pyx12": pyx12_reader(text)}
        if "~ST*270*" in text.replace("\n", ""):
            said["linuxforhealth"] = linuxforhealth(text)
        if "~ST*999*" in text.replace("\n", ""):
            said["map"] = pyx12_map(text)
        found[Path(name).name] = said
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
