"""What one proves oneself with: a PIN or password (``:pin``), and the code app (``:code``).

Nothing typed here is ever kept as a draft. With a login behind the verb it is another person's,
for whoever looks after staff.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from deskterm.errors import Conflict, Invalid
from deskterm.office import approvals, credentials, staff
from deskterm.office.staff import StaffRow
from deskterm.screens.base import DeskScreen
from deskterm.screens.second import approval_fields, approval_of
from deskterm.screens.task import TaskScreen
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow

KINDS = (("pin", "PIN"), ("password", "password"))
BLOCKS = {(False, False): " ", (True, False): "\u2580", (False, True): "\u2584",
          (True, True): "\u2588"}  # fmt: skip


class _ProofScreen(TaskScreen):
    """A form whose texts are nobody's business: no draft is made of it."""

    def __init__(self, login: str = "", *, draft: Any = None) -> None:
        super().__init__(draft)
        self.login = login.strip().lower()
        self.other: StaffRow | None = None
        self.proof_form: RecordForm | None = None
        self.panel = Panel(classes="body")

    @property
    def dirty(self) -> bool:
        """Nothing here is worth keeping, and all of it is worth hiding."""
        return False

    def touched(self) -> None:
        """No draft."""

    def save_draft(self, cause: str = "") -> bool:
        """No draft."""
        return True

    def find_person(self) -> None:
        """Whose it is. Raises NotFound, and NotAllowed for another's without the permission."""
        mine = self.desk.actor.login
        self.login = self.login or mine
        self.other = staff.by_login(self.desk, self.login) if self.login != mine else None

    def second(self, operation: str, *, wanted: bool) -> list[FieldSpec]:
        """The second person's gaps, where there is one to ask."""
        if self.other is None or not wanted:
            return []
        if not approvals.anybody_else(self.desk, operation, but=self.other.id):
            return []
        return approval_fields(self.desk, operation)

    def heading(self) -> str:
        return f"{self.title_text} {self.login}"

    def load(self) -> None:
        name = self.other.name if self.other is not None else self.desk.actor.name
        self.banner_row.show_summary(f"{self.login}   {name}")

    def keys_shown(self) -> list[tuple[str, str]]:
        return [("Enter", "next gap, then done"), ("Tab", "next"), ("Esc", "leave it as it is")]


class PinScreen(_ProofScreen):
    """The present one, and a new one twice."""

    title_text: ClassVar[str] = "PIN"
    form: ClassVar[str] = "pin"

    def body(self) -> Iterable[Any]:
        self.find_person()
        has = credentials.has_secret(self.desk, self.login)
        specs: list[FieldSpec] = []
        if has and self.other is None:
            specs.append(_hidden("current", "The one you have", "your PIN or password as it is"))
        specs += [
            FieldSpec("kind", "Kind", "choice", width=14, choices=KINDS, default="pin",
                      help="a PIN is quicker, a password longer"),
            _hidden("new", "New one", "a PIN has 6 digits or more, a password 8 letters or more"),
            _hidden("again", "The same again", "so that a slip does not shut anybody out"),
            *self.second("credential.set", wanted=has),
        ]  # fmt: skip
        self.proof_form = RecordForm(specs, verb=f"KEEP IT FOR {self.login}")
        self.proof_form.styles.height = 7
        yield RuleRow()
        yield self.proof_form
        yield self.panel

    def load(self) -> None:
        super().load()
        self.panel.show([
            "", "It opens a locked desk and signs for money. It is shown to nobody, and kept",
            "nowhere as it is typed. Ten wrong tries lock it until a manager resets it.",
        ])  # fmt: skip

    def _keep(self, values: dict[str, Any]) -> bool:
        if values.get("new") != values.get("again"):
            raise Invalid("The two are not the same", "Type both again", field="again")
        credentials.set_secret(
            self.desk, self.login, secret=values.get("new") or "",
            kind=values.get("kind") or "pin", current=values.get("current") or "",
            approval=approval_of(self.desk, "credential.set", values),
        )  # fmt: skip
        return True

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        if self.attempt(self._keep, message.values):
            await self.finish(f"{self.login} has a new {message.values.get('kind') or 'pin'}")


class CodeAppScreen(_ProofScreen):
    """Setting the app up: its key as text and as a picture, and one code to prove it; or, for
    another person who has one, taking it away."""

    title_text: ClassVar[str] = "CODE APP"
    form: ClassVar[str] = "code"

    def __init__(self, login: str = "", *, draft: Any = None) -> None:
        super().__init__(login, draft=draft)
        self.key_text = self.address = ""

    def body(self) -> Iterable[Any]:
        self.find_person()
        if credentials.has_app(self.desk, self.login):
            if self.other is None:
                raise Conflict(
                    "You have a code app already", "Telephone lost? Somebody who looks after staff"
                    " types :code and your login", rule="totp",
                )  # fmt: skip
            specs = [
                FieldSpec("lost", "Take it away", "choice", required=True, width=20,
                          choices=(("yes", "yes, the app is gone"),),
                          help="their recovery codes stay good until a new app is set up"),
                *self.second("credential.totp", wanted=True),
            ]  # fmt: skip
            verb = f"TAKE THE APP OF {self.login} AWAY"
        else:
            self.key_text, self.address = credentials.new_totp(self.desk, self.login)
            specs = [FieldSpec("code", "Code it shows", required=True, limit=12, width=12,
                               card_check=False, help="six digits, from the app")]  # fmt: skip
            verb = "PUT IT IN FORCE"
        self.proof_form = RecordForm(specs, verb=verb)
        self.proof_form.styles.height = len(specs)
        yield self.proof_form
        yield self.panel

    def load(self) -> None:
        super().load()
        if self.address:
            self.call_after_refresh(self._show_key)

    def on_resize(self) -> None:
        if self.address:
            self.call_after_refresh(self._show_key)

    def _show_key(self) -> None:
        """The picture where there is room for it, and the key in words in any case."""
        words = [
            "Scan this with the app, or type", "the key into it:", "",
            *_in_fours(self.key_text), "", "Then type the code it shows above.",
        ]  # fmt: skip
        picture = qr(self.address)
        size = self.panel.size
        if size.height >= len(picture) and size.width >= len(picture[0]) + 34:
            words += [""] * (len(picture) - len(words))
            pairs = zip(picture, words, strict=True)
            self.panel.show([f"{left}  {right}" for left, right in pairs])
        else:
            self.panel.show(["", *words, "", "(a larger window shows a picture to scan)"])

    def _take_away(self, values: dict[str, Any]) -> bool:
        yes = approval_of(self.desk, "credential.totp", values)
        credentials.remove_totp(self.desk, self.login, approval=yes)
        return True

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        if not self.address:
            if self.attempt(self._take_away, values):
                await self.finish(f"{self.login} has no code app; :code sets a new one up")
            return
        codes = self.attempt(credentials.confirm_totp, self.desk, self.login, values["code"] or "")
        if codes is not None:
            app = self.desk_app
            await self.finish(f"The code app of {self.login} is in force")
            await app.go("recovery", login=self.login, codes=codes)


class RecoveryScreen(DeskScreen):
    """Ten codes, shown this once."""

    title_text: ClassVar[str] = "RECOVERY CODES"

    def __init__(self, login: str, codes: Sequence[str]) -> None:
        super().__init__()
        self.login, self.codes = login, list(codes)
        self.panel = Panel(classes="body")

    def body(self) -> Iterable[Any]:
        yield RuleRow()
        yield self.panel

    def load(self) -> None:
        self.banner_row.show_summary(f"{self.login}: the code app is in force")
        half = (len(self.codes) + 1) // 2
        pairs = zip(self.codes[:half], [*self.codes[half:], ""], strict=False)
        self.panel.show([
            "", "  Each of these stands in once for a code, when the telephone is lost.",
            "  They are shown now and never again: write them on paper, and keep that safe.",
            "", *(f"      {left}      {right}" for left, right in pairs),
        ])  # fmt: skip
        self.enter_row.show("Esc = written down")

    def keys_shown(self) -> list[tuple[str, str]]:
        return [("Esc", "written down")]


def qr(text: str) -> list[str]:
    """``text`` as a picture of half blocks, light on dark, with a border of one module."""
    import segno

    rows = [[not dark for dark in row] for row in segno.make(text, error="l").matrix_iter(border=1)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return [
        "".join(BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]


def _hidden(name: str, label: str, about: str) -> FieldSpec:
    return FieldSpec(name, label, required=True, limit=128, width=24, secret=True,
                     card_check=False, help=about)  # fmt: skip


def _in_fours(key: str) -> list[str]:
    """The key in groups of four, four groups to a line."""
    fours = [key[at : at + 4] for at in range(0, len(key), 4)]
    return ["  " + " ".join(fours[at : at + 4]) for at in range(0, len(fours), 4)]
