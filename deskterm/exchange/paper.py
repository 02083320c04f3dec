"""Documents on paper: a template and its data become a PDF (or a picture, to look at).

Templates are Typst files of ours; a clinic may keep its own version of one in a folder of
templates. Data only ever reaches a template as data: nothing in it is read as markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from deskterm.errors import NotFound, Unreachable

TEMPLATES = ("receipt", "statement", "good_faith")


def render(
    template: str,
    data: Mapping[str, Any],
    *,
    folder: Path | None = None,
    form: Literal["pdf", "png"] = "pdf",
) -> bytes:
    """The document. ``folder`` is where the clinic keeps templates of its own.

    Raises NotFound for an unknown template, Unreachable for one that does not work.
    """
    import typst

    source = _source(template, folder)
    try:
        made = typst.compile(
            source.encode(), format=form, ppi=110.0,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        )  # fmt: skip
    except (typst.TypstError, RuntimeError) as error:
        # The compiler's message may quote the data, which may be a patient's.
        raise Unreachable(
            f"The template {template} does not work",
            f"Mend {template}.typ, or remove it to use ours ({type(error).__name__})",
        ) from None
    return made[0] if isinstance(made, list) else bytes(made or b"")


def _source(template: str, folder: Path | None) -> str:
    if template not in TEMPLATES:
        raise NotFound(f"No template {template[:20]}", f"One of {', '.join(TEMPLATES)}")
    own = folder / f"{template}.typ" if folder is not None else None
    if own is not None and own.is_file():
        return own.read_text("utf-8")
    return (
        resources.files("deskterm.exchange.templates")
        .joinpath(f"{template}.typ")
        .read_text("utf-8")
    )
