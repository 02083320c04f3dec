"""While the database does not answer: what is typed is kept here, and saved when it does again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from deskterm.db.database import WAIT_SECONDS
from deskterm.entry.times import show_time
from deskterm.errors import Busy, DesktermError, Unreachable
from deskterm.office import drafts

if TYPE_CHECKING:
    from deskterm.app import DeskApp

SHORT_SECONDS = 0.05  # how long a try may take while nothing answers


class Outage:
    """Since when nothing could be saved, and what waits for it.

    The first try waits its turn as long as a clerk should wait; after that every try is short,
    so that the desk can be typed into while nothing answers. It asks again by itself.
    """

    def __init__(self, app: DeskApp) -> None:
        self._app = app
        self._since: datetime | None = None
        # key -> the draft as it was last typed; None: the work is done, the note of it is not
        self._kept: dict[str, dict[str, Any] | None] = {}

    @property
    def is_down(self) -> bool:
        """Whether the last try to save failed."""
        return self._since is not None

    @property
    def words(self) -> str:
        """``NOT SAVED: server not answering since 9:41a. ...``, for the 80 cells of row 23."""
        at = show_time(self._since.time()) if self._since is not None else ""
        return f"NOT SAVED: server not answering since {at}. Kept here; saved when it answers"

    def is_of(self, error: DesktermError) -> bool:
        """Whether ``error`` means that the database does not answer."""
        return isinstance(error, Busy | Unreachable)

    def failed(self, error: DesktermError) -> None:
        """A read or a save failed: say since when, once."""
        if not self.is_of(error):
            self._app.say_error(error)
            return
        if self._since is None:
            self._since = self._app.desk.wall()
            self._app.desk.database.wait_at_most(SHORT_SECONDS)
        self._app.say(self.words, level="error")

    # Drafts

    def save_draft(self, key: str, content: dict[str, Any]) -> None:
        """Write a draft, or keep it in memory. Raises DesktermError for what cannot ever be."""
        if self.is_down:
            self._kept[key] = content
            return
        try:
            drafts.save(self._app.desk, key=key, **content)
        except DesktermError as error:
            if not self.is_of(error):
                raise
            self._kept[key] = content
            self.failed(error)

    def finish_draft(self, key: str) -> None:
        """Note that a draft's work is done, now or later."""
        try:
            if self.is_down:
                self._kept[key] = None
            else:
                drafts.finish(self._app.desk, key)
        except DesktermError as error:
            self._kept[key] = None
            self.failed(error)

    # Coming back

    def look(self) -> None:
        """Try again, if there is something to try; called about once a second."""
        if self._since is None:
            return
        desk = self._app.desk
        try:
            with desk.database.writing():
                desk.rows("SELECT 1")
            for key, content in list(self._kept.items()):
                self._write(key, content)
                del self._kept[key]
        except DesktermError:
            return
        self._since = None
        desk.database.wait_at_most(WAIT_SECONDS)
        self._app.read_counts()
        self._app.say("The server answers again. What you typed is saved; press Enter to go on")

    def _write(self, key: str, content: dict[str, Any] | None) -> None:
        desk = self._app.desk
        if content is None:
            drafts.finish(desk, key)
            return
        try:
            drafts.save(desk, key=key, **content)
        except (Busy, Unreachable):
            raise
        except DesktermError as error:
            self._app.say_error(error)
