"""Services that take raw X12 in a JSON object over HTTPS, with a key in a header."""

from __future__ import annotations

import json
from typing import Any

from deskterm.exchange.payers.trouble import CoreError, NotX12
from deskterm.exchange.payers.values import Answer, JsonShape, Question


def request(shape: JsonShape, question: Question) -> bytes:
    """The body of a question: the X12 at the place that the settings name."""
    value: Any = question.x12
    for name in reversed(shape.request.split(".")):
        value = {name: value}
    return json.dumps(value).encode()


def answer(shape: JsonShape, body: bytes) -> Answer:
    """The X12 out of the answer. Raises CoreError for errors in it, NotX12 for anything else."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise NotX12("The answer is not JSON", "") from None
    top = value
    for name in shape.answer.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, str) and value.strip():
        if "\x00" in value:
            raise NotX12("The answer is not text", "")
        return Answer(value.encode("utf-8", "replace").decode())
    code, said = error_of(top)
    if code:
        raise CoreError(code, said)
    raise NotX12(f"The answer has no {shape.answer}", "Check the connection's field names")


def error_of(value: Any) -> tuple[str, str]:
    """The code and the text of the first error in an answer, empty when it tells of none."""
    if not isinstance(value, dict):
        return "", ""
    errors = value.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else value
    if not isinstance(first, dict):
        return "error", str(first)
    code = first.get("code") or first.get("error") or ""
    said = first.get("message") or first.get("description") or ""
    return (str(code or "error") if code or said else ""), str(said)
