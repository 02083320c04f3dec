"""A dataclass built when first needed is the standard one from then on."""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import FrozenInstanceError, field, fields, is_dataclass, replace
from typing import Any

import pytest

from deskterm import values


def point() -> type:
    @values.dataclass(frozen=True)
    class Point:
        x: int
        y: int = 2
        tags: tuple[str, ...] = field(default_factory=tuple)

    return Point


def test_nothing_is_built_until_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[type] = []
    real = dataclasses.dataclass

    def noting(**options: Any) -> Any:
        return lambda cls: built.append(cls) or real(**options)(cls)

    monkeypatch.setattr(dataclasses, "dataclass", noting)
    kind = point()
    assert built == []
    kind(1)
    once = list(built)
    kind(2)
    assert once and once[0] is kind and built == once


def test_it_is_a_dataclass_like_any_other() -> None:
    kind = point()
    one = kind(1)
    assert one == kind(1, 2, ()) and one != kind(3) and hash(one) == hash(kind(1))
    assert repr(one).endswith("Point(x=1, y=2, tags=())")
    assert replace(one, y=5).y == 5
    with pytest.raises(FrozenInstanceError):
        one.x = 3
    with pytest.raises(TypeError, match="missing"):
        kind()


def test_looking_at_its_fields_builds_it() -> None:
    kind = point()
    assert is_dataclass(kind)
    assert [f.name for f in fields(kind)] == ["x", "y", "tags"]


def test_a_class_made_from_one_has_its_fields() -> None:
    base = point()

    @values.dataclass(frozen=True)
    class Named(base):  # type: ignore[misc, valid-type]
        name: str = ""

    assert [f.name for f in fields(Named(1, name="a"))] == ["x", "y", "tags", "name"]
    assert base(4).y == 2


def test_two_threads_may_make_the_first_two_at_once() -> None:
    for _ in range(50):
        kind = point()
        made: list[object] = []
        start = threading.Barrier(2)

        def make(kind: type = kind, made: list[object] = made, start: object = start) -> None:
            start.wait()  # type: ignore[attr-defined]
            made.append(kind(1))

        threads = [threading.Thread(target=make) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert made == [kind(1), kind(1)]
