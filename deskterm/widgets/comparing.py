"""Two people changed one record: what each of them has in every field, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deskterm.widgets.field_sheet import Sheet


@dataclass(frozen=True)
class Difference:
    """One field that was changed since the form was opened.

    ``mine`` stands in the form, ``theirs`` is on file now; ``touched`` says who changed it.
    """

    name: str
    label: str
    mine: str
    theirs: str
    is_mine: bool
    is_theirs: bool

    @property
    def collides(self) -> bool:
        """Whether both changed it, to different things."""
        return self.is_mine and self.is_theirs and self.mine != self.theirs


def differences(base: Sheet, mine: Sheet, theirs: Sheet) -> list[Difference]:
    """Every field in which ``mine`` or ``theirs`` differs from ``base``; collisions first.

    Fields are compared by what they mean, and shown as they are written in the form.
    """
    was, now, filed = base.values(), mine.values(), theirs.values()
    found = []
    for name, spec in mine.specs.items():
        if not spec.typed_into or name not in base.specs or name not in theirs.specs:
            continue
        wrong = bool(mine.reading(name).error) and mine.text(name) != base.text(name)
        is_mine = wrong or not _same(was.get(name), now.get(name))
        is_theirs = not _same(was.get(name), filed.get(name))
        if is_mine or is_theirs:
            label = f"{_group(mine, name)}{spec.label}"
            found.append(
                Difference(name, label, _text(mine, name), _text(theirs, name), is_mine, is_theirs)
            )
    return sorted(found, key=lambda d: (not d.collides, not d.is_theirs))


def merge(mine: Sheet, theirs: Sheet, found: Sequence[Difference], taken: set[str]) -> None:
    """Put theirs into ``mine`` where only they changed it, and in the fields ``taken``."""
    values = theirs.values()
    for difference in found:
        name = difference.name
        if name in taken or (difference.is_theirs and not difference.is_mine):
            mine.put(name, values.get(name), theirs.text(name))


def _same(one: object, other: object) -> bool:
    return one == other or (one in (None, "") and other in (None, ""))


def _text(sheet: Sheet, name: str) -> str:
    """A field's text, in the words of its list when it has one."""
    text = sheet.text(name)
    if sheet.specs[name].kind == "choice":
        value = sheet.reading(name).value
        return next((f"{label}" for code, label in sheet.choices(name) if code == value), text)
    return text


def _group(sheet: Sheet, name: str) -> str:
    """The second of two fields with one label says whose it is: ``GUARANTOR Name``."""
    label, group, same = sheet.specs[name].label, "", 0
    for other, spec in sheet.specs.items():
        group = spec.group or group
        if other == name:
            break
        same += spec.label == label
    return f"{group.split(',')[0]}: " if same else ""
