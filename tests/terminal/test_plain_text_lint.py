"""A plain ``str`` never reaches a widget, in any screen or widget of the desk."""

from __future__ import annotations

import pytest

from tests.terminal.conftest import ROOT
from tests.terminal.plain_text_lint import check, check_files


def test_the_desk_shows_data_only_through_show() -> None:
    package = ROOT / "deskterm"
    files = [*(package / "screens").rglob("*.py"), *(package / "widgets").rglob("*.py")]
    files += [file for file in [package / "app.py"] if file.exists()]
    assert "\n".join(map(str, check_files(files, ROOT))) == ""


REFUSED = [
    "Static(name)",
    "Static(f'{name}')",
    "Static('[b]x')",
    "Label(patient.name)",
    "Button(label=name)",
    "self.query_one('#x', Static).update(str(1))",
    "self.notify(f'{name} saved')",
    "self.notify('saved', title=name)",
    "table.add_row(show(a), b)",
    "table.add_row(*cells)",
    "self.border_title = name",
    "self.title = f'{day}'",
    "Option('%s' % name)",
    "Static(show(a) if a else a)",
    "Content.from_markup(name)",
    "Text.from_markup(f'[b]{name}')",
    "def f(a: str):\n    Static(a)",
    "def f():\n    a = show(x)\n    a = x\n    Static(a)",
    "def f():\n    a, b = pair\n    Static(a)",
    "def f():\n    for a in names:\n        Static(a)",
    "def line(x) -> str: ...\nStatic(line(1))",
]
ALLOWED = [
    "Static('')",
    "Static('Find a patient')",
    "Static(show(name))",
    "Static(show(name), classes=kind, id=f'row{n}')",
    "Label(show(a) if a else '')",
    "Static(Content(name))",
    "Static(Content.assemble(show(a), ' ', show(b)))",
    "Static(show(a) + ' ' + show(b))",
    "Static(Content.from_markup('[b]$name[/b]', name=name))",
    "table.add_row(show(a), 'x', Text(b))",
    "table.add_row(*[show(a) for a in cells])",
    "self._cache.update({1: 2})",
    "self._cache.update(a=1)",
    "self.notify('Saved')",
    "self.border_title = show(name)",
    "def f(a: Content | None):\n    Static(a)",
    "def f():\n    a = show(x)\n    Static(a)",
    "def line(x) -> Content: ...\nStatic(line(1))",
    "Static(self.row_content())",
]


@pytest.mark.parametrize("source", REFUSED)
def test_what_may_be_markup_is_refused(source: str) -> None:
    assert check(source, "x.py") != []


@pytest.mark.parametrize("source", ALLOWED)
def test_what_cannot_be_markup_is_allowed(source: str) -> None:
    assert check(source, "x.py") == []


def test_a_finding_says_where() -> None:
    [finding] = check("\n\nStatic(name)", "deskterm/screens/x.py")
    assert str(finding) == "deskterm/screens/x.py:3: name: pass it through show()"
