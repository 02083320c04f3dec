"""The standard ``dataclass``, built when it is first needed.

Building one runs generated code and takes up to a millisecond, and the start of the desk would
pay for a hundred of them to use twenty. So modules that a start loads take ``dataclass`` from
here: the class is the standard one from the first instance (or look at its fields) on.
Not for ``slots=True``, which makes another class.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        """As the standard one; ``options`` are its own."""
        if cls is None:
            return lambda cls: _wait(cls, options)
        return _wait(cls, options)


# Reentrant: a class is built after the ones it inherits from.
_building = threading.RLock()


class _Unbuilt:
    """Stands for the fields of a class that has none yet; looking at them builds it."""

    def __init__(self, owner: type, options: dict[str, Any]) -> None:
        self._owner, self._options = owner, options

    def __get__(self, instance: object, cls: type) -> Any:
        self.build()
        return self._owner.__dataclass_fields__  # type: ignore[attr-defined]

    def build(self) -> None:
        import dataclasses

        owner = self._owner
        with _building:
            if owner.__dict__.get("__dataclass_fields__") is not self:
                return
            # Its first ``__init__`` stays until the real one, made for an heir without fields of
            # its own, is there to take its place: another thread may call it meanwhile.
            dataclasses.dataclass(**self._options, init=False)(owner)
            heir: Any = type(owner.__name__, (owner,), {"__qualname__": owner.__qualname__})
            frozen = self._options.get("frozen", False)
            dataclasses.dataclass(frozen=frozen, eq=False, repr=False)(heir)
            owner.__init__ = heir.__init__  # type: ignore[misc]


def _wait(cls: Any, options: dict[str, Any]) -> Any:
    unbuilt = _Unbuilt(cls, options)

    def first(self: Any, *args: Any, **kwargs: Any) -> None:
        unbuilt.build()
        cls.__init__(self, *args, **kwargs)

    cls.__dataclass_fields__ = unbuilt
    cls.__init__ = first
    return cls
