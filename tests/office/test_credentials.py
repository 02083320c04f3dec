"""PINs, passwords, code apps: what is stored, what is refused, how a guesser fares."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from deskterm.clock import FrozenClock
from deskterm.db import journal
from deskterm.errors import Conflict, DesktermError, Invalid, NotAllowed, NotFound, Unreachable
from deskterm.office import credentials, peppered, staff, throttle
from deskterm.office.desk import Desk
from deskterm.office.weak_secrets import check_secret
from tests.factories import second

PIN, OTHER = "739164", "482915"


@pytest.fixture
def people(desk: Desk) -> Desk:
    """Dana at the front desk and Kay the manager, beside the owner who acts."""
    staff.add(desk, login="dana", name="Dana Kim", role="front_desk")
    staff.add(desk, login="kay", name="Kay Ross", role="manager")
    credentials.set_secret(desk, "dana", secret=PIN, kind="pin")
    return desk


def dump(desk: Desk) -> str:
    """Everything in the file, as text."""
    tables = [n for (n,) in desk.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return repr([desk.rows(f'SELECT * FROM "{name}"') for name in tables])


def wrong(desk: Desk, login: str = "dana", *, purpose: str = "unlock") -> NotAllowed:
    with pytest.raises(NotAllowed) as caught:
        credentials.check(desk, login, "000000", purpose=purpose)
    return caught.value


def test_the_right_pin_is_its_person_and_the_file_tells_nothing(people: Desk) -> None:
    assert credentials.has_secret(people, "dana") and not credentials.has_secret(people, "kay")
    actor = credentials.check(people, "dana", PIN)
    assert (actor.login, actor.role) == ("dana", "front_desk")
    assert people.settings.pepper_path.stat().st_mode & 0o777 == stat.S_IRUSR | stat.S_IWUSR
    ((stored,),) = people.rows("SELECT hash FROM credential WHERE hash <> ''")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PIN not in dump(people)
    assert stored not in "".join(e.changes for e in journal.read(people.database))


def test_a_copy_without_the_pepper_cannot_be_used_to_guess(people: Desk) -> None:
    people.settings.pepper_path.write_bytes(b"x" * 32)
    assert wrong_or_right(people, PIN) == "wrong"
    people.settings.pepper_path.unlink()
    with pytest.raises(Unreachable):
        credentials.check(people, "dana", PIN)
    assert not people.settings.pepper_path.exists()


def wrong_or_right(desk: Desk, pin: str, login: str = "dana") -> str:
    try:
        credentials.check(desk, login, pin)
    except NotAllowed:
        return "wrong"
    return "right"


def test_a_hash_serves_only_its_own_person(people: Desk) -> None:
    credentials.set_secret(people, "kay", secret=OTHER, kind="pin")
    people.rows(
        "UPDATE credential SET hash = (SELECT hash FROM credential ORDER BY id LIMIT 1)"
        " WHERE staff_id = (SELECT id FROM staff WHERE login = 'kay')"
    )
    assert wrong_or_right(people, PIN, "kay") == "wrong"


@pytest.mark.parametrize(
    "pin",
    ["12345", "123456", "987654", "111111", "121212", "123123", "198503", "031985", "031482",
     "19850314", "90125x", "١٢٣٤٥٦", "159753", "024680"],
)  # fmt: skip
def test_pins_that_are_guessed_first(pin: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_secret(pin, kind="pin", login="dana")
    assert pin not in caught.value.message


@pytest.mark.parametrize("word", ["short", "password123", "aaaaaaaaaa", "xxdanaxx99", "19850314"])
def test_passwords_that_are_guessed_first(word: str) -> None:
    with pytest.raises(Invalid):
        check_secret(word, kind="password", login="dana")


def test_good_ones_are_taken(people: Desk) -> None:
    for pin in (PIN, OTHER, "650283"):
        check_secret(pin, kind="pin", login="dana")
    yes = second(people, "credential.set")
    credentials.set_secret(
        people, "dana", secret="four green umbrellas é", kind="password", approval=yes
    )
    assert credentials.check(people, "dana", "four green umbrellas e\u0301").login == "dana"


def test_two_free_tries_then_ever_slower_then_locked(people: Desk, clock: FrozenClock) -> None:
    waits = []
    for tries in range(1, 11):
        error = wrong(people)
        waits.append(error.details["wait"])
        if tries < 10:
            assert error.message == "Wrong PIN"
        if 2 < tries < 10:
            assert wrong(people).message.startswith("Too soon")
            assert throttle.tries(people, "dana", "unlock") == tries
            clock.advance(seconds=error.details["wait"])
    assert waits[:9] == [0, 0, 2, 4, 8, 16, 32, 64, 128]
    clock.advance(days=30)
    with pytest.raises(NotAllowed) as caught:
        credentials.check(people, "dana", PIN)
    assert "Locked after 10 tries" in caught.value.message and "manager" in caught.value.hint
    assert credentials.locked(people, "dana") == ("unlock",)
    credentials.reset(people, "dana")
    assert credentials.check(people, "dana", PIN).login == "dana"


def test_setting_the_time_and_opening_another_desk_is_no_fresh_start(
    people: Desk, clock: FrozenClock
) -> None:
    for _ in range(3):
        wrong(people)
    other = Desk(
        people.database, people.actor, people.settings, Jumped(clock, 86_400), people.secret, "d2"
    )
    assert wrong(other).message.startswith("Too soon")
    # after a restart the computer's own count begins anew, and so does the whole wait
    restarted = Desk(
        people.database, people.actor, people.settings, Jumped(clock, 0, ticks=-5), people.secret
    )
    assert wrong(restarted).details["wait"] == 2


class Jumped(FrozenClock):
    """A clock whose time of day was set, or whose computer was started again."""

    def __init__(self, clock: FrozenClock, seconds: int, ticks: float | None = None) -> None:
        super().__init__(clock.now())
        self._ticks = clock.monotonic() if ticks is None else ticks
        self._at += timedelta(seconds=seconds)


def test_each_purpose_is_throttled_by_itself_and_a_right_answer_forgets(people: Desk) -> None:
    wrong(people)
    wrong(people)
    assert throttle.tries(people, "dana", "approve") == 0
    assert credentials.check(people, "dana", PIN, purpose="approve").login == "dana"
    assert credentials.check(people, "dana", PIN).login == "dana"
    assert throttle.tries(people, "dana", "unlock") == 0
    with pytest.raises(Invalid):
        credentials.check(people, "dana", PIN, purpose="whatever")


def test_a_failed_try_is_an_entry_without_the_secret(people: Desk) -> None:
    with pytest.raises(NotAllowed):
        credentials.check(people, "dana", "604182")
    (entry,) = [e for e in journal.read(people.database) if e.operation == "credential.failed"]
    assert (entry.entity, entry.reason) == ("staff", "unlock")
    assert entry.entity_id == people.rows("SELECT id FROM staff WHERE login = 'dana'")[0][0]
    assert "604182" not in dump(people)


def test_an_unknown_login_is_answered_alike_and_never_kept(
    people: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[str] = []
    verify = peppered._HASHER.verify

    class Counting:
        hash = staticmethod(peppered._HASHER.hash)

        def verify(self, stored: str, given: bytes) -> bool:
            worked.append(stored.rsplit("$", 2)[0])
            return verify(stored, given)

    monkeypatch.setattr(peppered, "_HASHER", Counting())
    known = wrong(people)
    unknown = wrong(people, "826395")  # a PIN typed where the login belongs
    nobody = wrong(people, "kay")  # no PIN yet
    assert (known.message, known.hint) == (unknown.message, unknown.hint)
    assert (known.message, known.hint) == (nobody.message, nobody.hint)
    assert worked == ["$argon2id$v=19$m=19456,t=2,p=1"] * 3
    assert "826395" not in dump(people)


def test_somebody_disabled_is_nobody(people: Desk) -> None:
    staff.disable(people, "dana", reason="left")
    assert wrong_or_right(people, PIN) == "wrong"
    assert not credentials.has_secret(people, "dana")


def test_who_sets_whose(people: Desk) -> None:
    people.actor = credentials.check(people, "dana", PIN)
    for current in ("", "000000"):
        with pytest.raises(NotAllowed):
            credentials.set_secret(people, "dana", secret=OTHER, kind="pin", current=current)
    assert wrong_or_right(people, OTHER) == "wrong"
    credentials.set_secret(people, "dana", secret=OTHER, kind="pin", current=PIN)
    assert throttle.tries(people, "dana", "unlock") == 1  # only a manager resets
    assert wrong_or_right(people, PIN) == "wrong" and wrong_or_right(people, OTHER) == "right"
    for act in (
        lambda: credentials.set_secret(people, "kay", secret=PIN, kind="pin"),
        lambda: credentials.reset(people, "kay"),
        lambda: credentials.remove_totp(people, "kay"),
        lambda: credentials.new_totp(people, "kay"),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(NotFound):
        credentials.set_secret(people, "nobody", secret=OTHER, kind="pin")


def test_whoever_is_alone_helps_themselves_and_nobody_else_does(people: Desk) -> None:
    with pytest.raises(NotAllowed, match="lets themselves"):
        credentials.reset(people, "mlopez")  # Kay the manager could
    staff.disable(people, "kay", reason="left")
    credentials.set_secret(people, "mlopez", secret=PIN, kind="pin")
    credentials.reset(people, "mlopez")
    credentials.set_secret(people, "mlopez", secret=OTHER, kind="pin")
    assert wrong_or_right(people, OTHER, "mlopez") == "right"


def app_of(desk: Desk, login: str) -> tuple[pyotp.TOTP, list[str]]:
    key, address = credentials.new_totp(desk, login)
    assert address.startswith("otpauth://totp/")
    app = pyotp.TOTP(key)
    with pytest.raises(Invalid):
        credentials.confirm_totp(desk, login, "12")
    return app, credentials.confirm_totp(desk, login, app.at(desk.now()))


def test_a_code_is_good_once_and_only_around_its_time(people: Desk, clock: FrozenClock) -> None:
    app, _ = app_of(people, "dana")

    def enter(code: str) -> str:
        throttle.clear(people, "dana", "unlock")
        try:
            credentials.check(people, "dana", PIN, totp=code)
        except NotAllowed as error:
            return error.message
        return "in"

    assert enter("") == "Wrong PIN or code"
    assert enter(app.at(clock.now())) == "Wrong PIN or code"  # used to confirm
    clock.advance(seconds=30)
    code = app.at(clock.now())
    assert enter(code) == "in"
    assert enter(code) == "Wrong PIN or code"
    early = app.at(clock.now() + timedelta(seconds=30))
    assert enter(early) == "in"
    clock.advance(seconds=90)
    assert (
        enter(app.at(clock.now() - timedelta(seconds=60))) != "in"
        and enter(app.at(clock.now() + timedelta(seconds=60))) != "in"
    )
    assert enter(app.at(clock.now() - timedelta(seconds=30))) == "in"
    assert credentials.check(people, "dana", PIN, purpose="approve").login == "dana"


def test_recovery_codes_are_good_once(people: Desk) -> None:
    _, codes = app_of(people, "dana")
    assert len(set(codes)) == 10
    assert credentials.check(people, "dana", PIN, totp=codes[0].lower()).login == "dana"
    assert wrong_totp(people, codes[0])
    kept = dump(people)
    assert not any(code.replace("-", "") in kept or code in kept for code in codes)
    throttle.clear(people, "dana", "unlock")
    assert credentials.check(people, "dana", PIN, totp=codes[1]).login == "dana"


def wrong_totp(desk: Desk, code: str) -> bool:
    with pytest.raises(NotAllowed):
        credentials.check(desk, "dana", PIN, totp=code)
    return True


def test_the_apps_key_is_encrypted_for_its_person(people: Desk) -> None:
    key, _ = credentials.new_totp(people, "dana")
    ((box, owner),) = people.rows("SELECT totp, staff_id FROM credential WHERE totp <> ''")
    assert key not in box and peppered.unsealed(people, owner, box) == key
    with pytest.raises(Unreachable):
        peppered.unsealed(people, owner + 1, box)
    with pytest.raises(NotAllowed):
        credentials.remove_totp(people, people.actor.login)


def test_a_role_that_needs_the_app_has_no_pin_without_it(people: Desk) -> None:
    policy = replace(people.settings.policy, totp_roles=("manager",))
    people.settings = replace(people.settings, policy=policy)
    with pytest.raises(NotAllowed, match="needs a code app"):
        credentials.set_secret(people, "kay", secret=OTHER, kind="pin")
    with pytest.raises(NotAllowed, match="needs a code app"):
        staff.set_role(people, "dana", "manager")
    app_of(people, "kay")
    with pytest.raises(Conflict):
        credentials.new_totp(people, "kay")
    credentials.set_secret(people, "kay", secret=OTHER, kind="pin")
    with pytest.raises(NotAllowed, match="Wrong PIN or code"):
        credentials.check(people, "kay", OTHER)
    with pytest.raises(NotAllowed, match="second person"):
        credentials.remove_totp(people, "dana")
    # nobody else is there to agree about the only other manager
    credentials.remove_totp(people, "kay")
    assert not credentials.has_secret(people, "kay")


def test_the_count_is_kept_when_the_rest_fails(
    people: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(peppered, "matches", dies)
    with pytest.raises(KeyboardInterrupt):
        credentials.check(people, "dana", PIN)
    assert throttle.tries(people, "dana", "unlock") == 1


def test_no_error_here_repeats_a_secret(people: Desk) -> None:
    for call in (
        lambda: credentials.set_secret(people, "dana", secret="112233", kind="pin"),
        lambda: credentials.check(people, "dana", "112233"),
    ):
        with pytest.raises(DesktermError) as caught:
            call()
        assert "112233" not in f"{caught.value.message} {caught.value.hint} {caught.value.details}"
