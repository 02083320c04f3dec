"""The registry: no key with two meanings, none that a terminal garbles, all documented."""

from __future__ import annotations

import pytest

from deskterm import commands
from deskterm.entry.line import VERBS
from deskterm.errors import Invalid
from deskterm.office.operations import ROLES
from deskterm.screens import places

KNOWN_PERMISSIONS = frozenset().union(*ROLES.values())


def test_no_clash_and_nothing_unsafe() -> None:
    commands.check()


def test_a_clash_is_found() -> None:
    with pytest.raises(Invalid, match="means both"):
        commands.check({"find": ("f1",)})
    with pytest.raises(Invalid, match="not safe"):
        commands.check({"find": ("ctrl+h",)})


def test_all_letters_have_one_meaning() -> None:
    assert sorted(commands.LETTERS) == list("abcdefghijklmnopqrstuvwxyz")
    assert len({c.id for c in commands.LETTERS.values()}) == 26


def test_every_permission_exists() -> None:
    for command in commands.all_commands():
        assert not command.permission or command.permission in KNOWN_PERMISSIONS, command.id


def test_every_verb_is_known_to_the_grammar() -> None:
    names = {name for verb in VERBS.values() for name in (verb.name, *verb.aliases)}
    missing = set(commands.by_verb()) - names
    assert not missing, missing


@pytest.mark.parametrize("place", commands.SCREENS)
def test_a_screen_can_do_every_letter_that_its_key_row_shows(place: str) -> None:
    """No key that leads nowhere: the key row is a promise."""
    import importlib

    module, name = places.PLACES[place]
    screen = getattr(importlib.import_module(module), name)
    ids = [commands.LETTERS[letter].id for letter in commands.SCREENS[place]]
    for key in commands.SCREEN_SYMBOLS[place]:
        symbol = commands.symbol(key)
        assert symbol is not None, key
        ids.append(symbol.id)
    for command_id in ids:
        assert hasattr(screen, f"do_{command_id}"), command_id


@pytest.mark.parametrize("command", commands.GLOBAL, ids=lambda c: c.id)
def test_every_global_key_does_something(command: commands.Command) -> None:
    from deskterm.app import DeskApp

    if command.id != "choices":  # answered by the field or list that has the focus
        assert hasattr(DeskApp, f"command_{command.id}")


@pytest.mark.parametrize("place", places.PLACES)
def test_every_place_can_be_made(place: str) -> None:
    import importlib

    module, name = places.PLACES[place]
    assert hasattr(importlib.import_module(module), name)
