"""Drawing of a form: labels, boxes, echoes, errors, and which part of a long form is shown."""

from __future__ import annotations

from textual.geometry import Offset

from deskterm.text import fit, width
from deskterm.widgets.field_choices import ChoiceList
from deskterm.widgets.field_editor import LineEditor, wrap
from deskterm.widgets.field_layout import Layout, Place
from deskterm.widgets.field_paint import Canvas
from deskterm.widgets.field_sheet import Sheet
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.styles import PLAIN, PRIMARY, SELECTED, STOP


def draw_form(
    canvas: Canvas,
    layout: Layout,
    sheet: Sheet,
    *,
    top: int,
    at: str,
    active: bool,
    replacing: bool,
    choices: ChoiceList | None,
) -> Offset | None:
    """Draw the rows from ``top`` on; returns the cell of the cursor.

    ``active`` says that the form has the keyboard; ``replacing`` that typing replaces the text
    of field ``at``, which is then shown as one selected block.
    """
    scrolls = layout.height > canvas.height
    body = canvas.height - 1 if scrolls else canvas.height
    cursor: Offset | None = None
    for y, heading in layout.headings.items():
        if top <= y < top + body:
            canvas.put(0, y - top, heading, PRIMARY)
    for name, place in layout.places.items():
        if place.y + place.rows <= top or place.y >= top + body:
            continue
        spec = sheet.specs[name]
        y = place.y - top
        error = sheet.errors.get(name, "")
        canvas.put(place.x, y, spec.label, PRIMARY if name == at and active else PLAIN, place.label)
        if spec.kind == "fact":
            text = sheet.fact(name)
            canvas.put(place.box_x + 1, y, fit(text, max(place.end - place.box_x - 1, 0)))
            continue
        if error:
            canvas.put(place.x + place.label, y, "!", STOP)
        here = name == at
        if spec.kind == "lines":
            found = _draw_lines(canvas, place, y, body, sheet.editors[name], here and active)
        else:
            found = _draw_box(canvas, place, y, sheet, spec, here and active, here and replacing)
        if here:
            cursor = found
        _draw_echo(canvas, place, y, error or sheet.reading(name).echo, bool(error))
    if scrolls:
        last = min(top + body, layout.height)
        where = f"lines {top + 1}-{last} of {layout.height}"
        for x in range(canvas.width):
            canvas.put(x, body, " ")
        canvas.put(canvas.width - width(where), body, where)
    if choices is not None and at in layout.places:
        place = layout.places[at]
        choices.draw(canvas, place.box_x, place.y - top, body)
    return cursor


def _draw_box(
    canvas: Canvas,
    place: Place,
    y: int,
    sheet: Sheet,
    spec: FieldSpec,
    active: bool,
    replacing: bool,
) -> Offset:
    editor = sheet.editors[spec.name]
    if spec.secret:
        hidden = LineEditor("*" * len(editor.text))
        hidden.set(hidden.text, editor.cursor)
        editor = hidden
    x = place.box_x
    canvas.put(x, y, "[")
    canvas.put(x + 1 + place.box, y, "]")
    if not active:
        canvas.put(x + 1, y, editor.text, PLAIN, place.box)
        return Offset(x + 1, y)
    text, at = editor.window(place.box)
    canvas.put(x + 1, y, text, SELECTED, place.box)
    if not replacing:
        canvas.paint(x + 1 + at, y, 1, PLAIN)
    return Offset(x + 1 + at, y)


def _draw_lines(
    canvas: Canvas, place: Place, y: int, body: int, editor: LineEditor, active: bool
) -> Offset:
    """Several lines of text; ``~`` for a bracket where lines are hidden above or below."""
    x, row, at = place.box_x, 0, 0
    if active:
        lines, row, at = editor.wrapped(place.box)
    else:
        lines = wrap(editor.text, place.box)
    first = max(0, min(row - place.rows + 1, len(lines) - 1)) if active else 0
    for line in range(place.rows):
        if not 0 <= y + line < body:
            continue
        text = lines[first + line][1] if first + line < len(lines) else ""
        canvas.put(x, y + line, "~" if first and line == 0 else "[")
        canvas.put(x + 1, y + line, text, SELECTED if active else PLAIN, place.box)
        more = line == place.rows - 1 and first + place.rows < len(lines)
        canvas.put(x + 1 + place.box, y + line, "~" if more else "]")
    if active:
        canvas.paint(x + 1 + at, y + row - first, 1, PLAIN)
    return Offset(x + 1 + at, y + row - first)


def _draw_echo(canvas: Canvas, place: Place, y: int, text: str, error: bool) -> None:
    room = place.end - place.echo_x
    if text and room > 3:
        canvas.put(place.echo_x, y, text, STOP if error else PLAIN, min(room, width(text)))
