"""Where a visit stands, and what may be done with it from there: the whole table in one place.

A visit stands at a lifecycle and a stage. ``decide`` tells for any of them what an action does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deskterm.db.scheduling import LIFECYCLES, STAGES

Outcome = Literal["forward", "backward", "again", "reopen", "end", "refused"]

ORDER: tuple[str, ...] = tuple(code for code, _ in STAGES)
# In a room, which nobody else can use meanwhile.
IN_ROOM = ("roomed", "with_provider")

# action -> the stage it leads to
TARGETS: dict[str, str] = {
    "arrive": "arrived",
    "begin_check_in": "checking_in",
    "check_in": "checked_in",
    "room": "roomed",
    "with_provider": "with_provider",
    "ready": "ready",
    "check_out": "checked_out",
}
# action -> the lifecycle it ends the visit with; the stage stays, so the arrival is kept
ENDINGS: dict[str, str] = {"no_show": "no_show", "left": "left"}
ACTIONS: tuple[str, ...] = (*TARGETS, *ENDINGS)


@dataclass(frozen=True)
class Move:
    """What an action does: where the visit stands afterwards, or why it is refused.

    ``again`` repeats the stage it is at (another room); ``backward`` needs a reason and is
    allowed on the visit's own day only; ``reopen`` brings a no-show or a leaver back.
    """

    outcome: Outcome
    lifecycle: str
    stage: str
    words: str = ""
    skipped: tuple[str, ...] = ()

    @property
    def needs_reason(self) -> bool:
        """Whether the clerk must say why."""
        return self.outcome == "backward"


# + forward   < backward, with a reason   * again   R reopen   E ends it
# = already there   a not arrived yet   b arrived, so not a no-show   o over
_SCHEDULED = """
    stage           arrived checking checked roomed provider ready out  no_show left
    expected           +       +        +      +       +       +    +      E      a
    arrived            =       +        +      +       +       +    +      b      E
    checking_in        <       =        +      +       +       +    +      b      E
    checked_in         <       <        =      +       +       +    +      b      E
    roomed             <       <        <      *       +       +    +      b      E
    with_provider      <       <        <      <       =       +    +      b      E
    ready              <       <        <      <       <       =    +      b      E
    checked_out        <       <        <      <       <       <    =      b      o
"""
# The stage does not matter: somebody who comes (back) is here, whatever was before.
_FINAL = """
    lifecycle       arrived checking checked roomed provider ready out  no_show left
    completed          <       <        <      <       <       <    =      b      o
    no_show            R       R        R      n       n       n    n      =      n
    left               R       R        R      l       l       l    l      l      =
    cancelled          c       c        c      c       c       c    c      c      c
    entered_in_error   e       e        e      e       e       e    e      e      e
"""
_REFUSALS = {
    "=": "It is marked so already",
    "a": "They have not arrived; mark no-show instead",
    "b": "They arrived, so it is not a no-show; mark left instead",
    "o": "The visit is checked out",
    "n": "It is marked no-show; mark arrived first",
    "l": "They left without being seen; mark arrived first",
    "c": "The visit is cancelled; reinstate it first",
    "e": "The visit was entered in error",
}


def decide(lifecycle: str, stage: str, action: str) -> Move:
    """What ``action`` does to a visit at ``lifecycle`` and ``stage``."""
    try:
        return TABLE[lifecycle, stage, action]
    except KeyError:
        # A word of a newer version or another program: nothing is safe to do with it.
        return Move("refused", lifecycle, stage, "The visit is in a state unknown here")


def label(stage: str) -> str:
    """The words for a stage."""
    return dict(STAGES).get(stage, stage)


def _cells(table: str) -> dict[tuple[str, str], str]:
    _, *lines = table.strip().splitlines()
    rows = [line.split() for line in lines]
    return {
        (row[0], action): mark
        for row in rows
        for action, mark in zip(ACTIONS, row[1:], strict=True)
    }


def _move(lifecycle: str, stage: str, action: str, mark: str) -> Move:
    if mark in _REFUSALS:
        return Move("refused", lifecycle, stage, _REFUSALS[mark])
    if mark == "E":
        return Move("end", ENDINGS[action], stage)
    target = TARGETS[action]
    after = "completed" if target == "checked_out" else "scheduled"
    if mark == "R":
        return Move("reopen", after, target, "back again")
    if mark == "*":
        return Move("again", after, target)
    passed = ORDER[ORDER.index(stage) + 1 : ORDER.index(target)]
    if mark == "+":
        return Move("forward", after, target, skipped=passed)
    return Move("backward", after, target, f"Going back to {label(target)} needs a reason")


def _table() -> dict[tuple[str, str, str], Move]:
    open_cells, final_cells = _cells(_SCHEDULED), _cells(_FINAL)
    return {
        (lifecycle, stage, action): _move(
            lifecycle,
            stage,
            action,
            open_cells[stage, action]
            if lifecycle == "scheduled"
            else final_cells[lifecycle, action],
        )
        for lifecycle, _ in LIFECYCLES
        for stage in ORDER
        for action in ACTIONS
    }


TABLE: dict[tuple[str, str, str], Move] = _table()
