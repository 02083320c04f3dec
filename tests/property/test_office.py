"""The whole office by random: three desks on one file do whatever comes, right or wrong.

After every step the books must balance, whoever did what. ``DESKTERM_PROPERTY=long`` runs it for
minutes instead of seconds.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from deskterm.clock import FrozenClock
from deskterm.config import Policy, Settings
from deskterm.db import journal
from deskterm.db.payments import Payment
from deskterm.entry.money import TenderEntry
from deskterm.errors import DesktermError
from deskterm.office import (
    authorizations,
    clinic,
    coverage,
    drafts,
    free_time,
    holds,
    messages,
    patients,
    payments,
    permits,
    plan_rules,
    recents,
    scheduling,
    search_index,
    visits,
)
from deskterm.office.check_in import CheckInAnswers, complete
from deskterm.office.desk import find_actor
from tests.conftest import NOW
from tests.factories import second
from tests.office.hours import open_clinic

T = TypeVar("T")
LONG = os.environ.get("DESKTERM_PROPERTY") == "long"
NAMES = ("SMITH", "O'NEIL", "GARCIA-LOPEZ", "NGUYỄN", "VAN DER BERG", "SMYTH")
PLACES = ("LEE", "PATEL", "RN")
MOVES = ("arrive", "begin_check_in", "check_in", "room", "with_provider", "ready", "check_out",
         "no_show", "left", "undo")  # fmt: skip
# What may succeed without an entry: nothing was changed, or what changed is nobody's record.
SILENT = {"hold", "release", "draft", "read", "edit", "view"}

# Each names the rows that must not exist.
LAWS = {
    "two visits in one lane of one time": """
        SELECT a.id, b.id FROM appointment a JOIN appointment b
          ON b.provider_id = a.provider_id AND b.lane = a.lane AND b.id > a.id
        WHERE a.lifecycle IN ('scheduled', 'completed')
          AND b.lifecycle IN ('scheduled', 'completed')
          AND a.starts_at < b.starts_at + b.minutes AND b.starts_at < a.starts_at + a.minutes""",
    "a payment that does not add up": """
        SELECT y.id FROM payment y WHERE y.posted <> 1
          OR y.total_cents <> (SELECT sum(amount_cents) FROM tender WHERE payment_id = y.id)
          OR y.total_cents <> (SELECT sum(amount_cents) FROM allocation WHERE payment_id = y.id)""",
    "receipt numbers with a gap": """
        SELECT location_id, business_day FROM payment GROUP BY location_id, business_day
        HAVING count(*) <> max(sequence) OR min(sequence) <> 1""",
    "a charge paid beyond its amount, or below nothing": """
        SELECT c.id FROM charge c WHERE c.reverses_id IS NULL AND
          coalesce((SELECT sum(x.amount_cents) FROM allocation x WHERE x.charge_id = c.id), 0)
          NOT BETWEEN 0 AND c.amount_cents""",
    "money left on a charge that was taken back": """
        SELECT c.id FROM charge c JOIN charge r ON r.reverses_id = c.id
        WHERE (SELECT coalesce(sum(x.amount_cents), 0) FROM allocation x WHERE x.charge_id = c.id)
          <> 0 OR r.amount_cents <> -c.amount_cents""",
    "a void that is no mirror": """
        SELECT v.id FROM payment v JOIN payment y ON y.id = v.voids_id
        WHERE v.total_cents <> -y.total_cents OR v.patient_id <> y.patient_id""",
    "a stage that its last move did not lead to": """
        SELECT a.id FROM appointment a JOIN stage_event e ON e.id =
          (SELECT max(id) FROM stage_event WHERE appointment_id = a.id)
        WHERE a.stage <> e.to_stage""",
    "two patients in one room": """
        SELECT room_id FROM appointment WHERE stage IN ('roomed', 'with_provider')
          AND lifecycle = 'scheduled' AND room_id IS NOT NULL
        GROUP BY room_id HAVING count(*) > 1""",
    "a completed visit whose patient is still here": """
        SELECT id FROM appointment WHERE lifecycle = 'completed' AND stage <> 'checked_out'""",
    "a moved visit with two successors": """
        SELECT rescheduled_from_id FROM appointment
        WHERE rescheduled_from_id IS NOT NULL AND lifecycle <> 'entered_in_error'
        GROUP BY rescheduled_from_id HAVING count(*) > 1""",
    "a visit taken away or put back whose old one holds its time too": """
        SELECT n.id FROM appointment n JOIN appointment o ON o.id = n.rescheduled_from_id
        WHERE n.lifecycle <> 'entered_in_error' AND o.lifecycle IN ('scheduled', 'completed')""",
    "a message closed without a close, or open with one": """
        SELECT m.id FROM message m WHERE (m.status = 'closed') <> (m.closed_at IS NOT NULL)""",
    "a draft that nobody has": """
        SELECT d.id FROM draft d LEFT JOIN staff s ON s.login = d.owner WHERE s.id IS NULL""",
    "more units booked and used than were granted, without a reason": """
        SELECT x.id FROM prior_authorization x
        WHERE x.state IN ('approved', 'partial') AND x.units IS NOT NULL AND x.units <
          (SELECT coalesce(sum(l.units), 0) FROM visit_permit l
            JOIN appointment a ON a.id = l.appointment_id
            WHERE l.authorization_id = x.id AND l.released_at IS NULL AND l.override_reason = ''
              AND a.lifecycle IN ('scheduled', 'completed'))
          + (SELECT coalesce(sum(u.units), 0) FROM authorization_use u
            WHERE u.authorization_id = x.id AND u.released_at IS NULL
              AND u.override_reason = '')""",
    "a visit covered by somebody else's authorization": """
        SELECT l.id FROM visit_permit l JOIN appointment a ON a.id = l.appointment_id
        JOIN prior_authorization x ON x.id = l.authorization_id
        WHERE x.patient_id <> a.patient_id""",
    "a link to nothing": "PRAGMA foreign_key_check",
}  # fmt: skip


class WholeOffice(RuleBasedStateMachine):
    """Everything a front desk does, by three people at three desks."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FrozenClock(NOW)
        policy = Policy(free_horizon=4, hold_minutes=5)
        made = Settings(database=str(self.folder / "clinic.db"), policy=policy)
        self.desk = clinic.init(made, login="mlopez", name="Maria Lopez", clock=self.clock)
        self.desks = [self.desk]
        self.taken: dict[int, int] = defaultdict(int)
        self.drafts = 0
        self.keys = 0

    @initialize()
    def open(self) -> None:
        for number, login in enumerate(("dana", "kim"), 2):
            clinic.add_staff(self.desk, login=login, name=login.title(), role="front_desk")
            actor = find_actor(self.desk.database, self.desk.settings, login)
            self.desks.append(replace(self.desk, actor=actor, workstation=f"d{number}"))
        second(self.desk, "payment.void")
        house = open_clinic(self.desk)
        for number, name in enumerate(NAMES[:4]):
            row = house.patient(name).id
            covered = house.patient(name)
            house.cover(covered)
            for day in (0, 1):
                scheduling.book(self.desk, patient_id=row, visit_type="FU", provider="LEE",
                                start=self.when(day, 12 + 2 * number))  # fmt: skip
            messages.take(self.desk, patient_id=row, topic="rx", body="refill", key=f"m{number}")
            payments.charge(self.desk, row, kind="form_fee", amount_cents=2500)
            self.grant(covered.id, 2)
        plan_rules.set_rule(self.desk, needs="authorization", plan="AETPPO", visit_type="FU")

    def grant(self, row: int, count: int) -> None:
        """Two follow-ups granted to a patient with coverage: soon used up."""
        entry = authorizations.AuthorizationEntry(service="PT", visit_type="FU", units_asked=count)
        made = authorizations.request(self.desk, row, entry)
        authorizations.decide(self.desk, made.id, raw_code="A1", number_of_units=count)

    def teardown(self) -> None:
        self.desk.close()
        shutil.rmtree(self.folder)

    # -- doing something, and judging how it was done

    def tables(self) -> str:
        """A digest of every row of every table."""
        found = hashlib.sha256()
        for (name,) in self.desk.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ):
            found.update(repr(self.desk.rows(f"SELECT * FROM {name}")).encode())
        return found.hexdigest()

    def do(self, name: str, act: Callable[[], T], *, again: bool = False) -> T | None:
        """Do it; refused, it changed nothing; done, it is one entry. ``again``: a keyed repeat."""
        for desk in self.desks:
            desk.views.flush()  # looks that wait are entries of their own, and not of this
        before, (seq, _) = self.tables(), journal.head(self.desk.database)
        try:
            done = act()
        except DesktermError as error:
            assert error.message and self.tables() == before, f"{name} was refused but changed"
            return None
        grown = journal.head(self.desk.database)[0] - seq
        assert grown == 1 or (grown == 0 and name in SILENT), f"{name} wrote {grown} entries"
        if again:
            after = self.tables()
            repeated = act()
            assert self.tables() == after, f"{name} with the same key did it twice"
            assert repeated.id == done.id  # type: ignore[attr-defined]
        return done

    def pick(self, model: str, number: int) -> int:
        """The id of some row, or now and then one that is not there."""
        ids = [row for (row,) in self.desk.rows(f"SELECT id FROM {model} ORDER BY id")]
        return ids[-1 - number % len(ids)] if ids and number < 20 else 99_999

    def version(self, model: str, row: int, stale: bool) -> int:
        found = self.desk.rows(f"SELECT version FROM {model} WHERE id = ?", row)
        return (found[0][0] if found else 1) - (1 if stale else 0)

    def key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    people = st.integers(0, 20)
    who = st.integers(0, 2)
    rarely = st.integers(0, 7).map(lambda n: n == 0)
    cents = st.sampled_from((500, 1000, 2500, 2501, 4000, 0, 1, 10_000_001))

    def when(self, day: int, slot: int) -> datetime:
        start = datetime(2026, 3, 18) + timedelta(days=day)
        return start + timedelta(minutes=8 * 60 + slot * 10)

    # -- patients and coverage

    @rule(who=who, name=st.sampled_from((*NAMES, "", "A\x1b[2J")), day=st.integers(1, 28))
    def register(self, who: int, name: str, day: int) -> None:
        entry = patients.PatientEntry(
            name, "PAT", date(1980, 2, day), phones=[patients.PhoneEntry("217-555-0142")]
        )
        key = self.key()
        self.do("register", lambda: patients.register(self.desks[who], entry, key=key), again=True)

    @rule(who=who, person=people, name=st.sampled_from((*NAMES, "", "x" * 500)), stale=rarely)
    def edit(self, who: int, person: int, name: str, stale: bool) -> None:
        row = self.pick("patient", person)
        version = self.version("patient", row, stale)
        done = self.do("edit", lambda: patients.edit(
            self.desks[who], row, version=version, last_name=name, alert=name[:5]))  # fmt: skip
        assert not (stale and done), "an old version was saved"

    @rule(who=who, person=people, plan=st.sampled_from(("AETPPO", "MCD", "NONE")),
          priority=st.integers(1, 3))  # fmt: skip
    def cover(self, who: int, person: int, plan: str, priority: int) -> None:
        row = self.pick("patient", person)
        entry = coverage.CoverageEntry(plan, "M123", priority=priority)
        self.do("cover", lambda: coverage.add(self.desks[who], row, entry))

    @rule(who=who, number=people, days=st.integers(-2000, 30), stale=rarely)
    def end_cover(self, who: int, number: int, days: int, stale: bool) -> None:
        row = self.pick("coverage", number)
        version = self.version("coverage", row, stale)
        on = date(2026, 3, 18) + timedelta(days)
        self.do("end", lambda: coverage.end(self.desks[who], row, version=version, on=on))

    @rule(who=who, person=people)
    def look(self, who: int, person: int) -> None:
        self.do("view", lambda: recents.opened(self.desks[who], self.pick("patient", person)))

    # -- what the payer allows

    @rule(who=who, person=people, count=st.sampled_from((None, 1, 3)), kind=st.booleans())
    def ask_payer(self, who: int, person: int, count: int | None, kind: bool) -> None:
        row, key = self.pick("patient", person), self.key()
        entry = authorizations.AuthorizationEntry(
            service="PT", visit_type="FU" if kind else "", units_asked=count
        )
        self.do("ask", lambda: authorizations.request(
            self.desks[who], row, entry, key=key), again=True)  # fmt: skip

    @rule(who=who, number=people, code=st.sampled_from(("A1", "A6", "A3", "A4", "NA", "ZZ")),
          count=st.sampled_from((None, 1, 2, 5)), stale=rarely)  # fmt: skip
    def payer_says(self, who: int, number: int, code: str, count: int | None, stale: bool) -> None:
        row = self.pick("prior_authorization", number)
        version = self.version("prior_authorization", row, stale)
        done = self.do("decide", lambda: authorizations.decide(
            self.desks[who], row, raw_code=code, number_of_units=count,
            version=version))  # fmt: skip
        assert not (stale and done)

    @rule(who=who, number=people, count=st.integers(1, 3), act=st.sampled_from(
        ("use", "override", "release", "extend", "void")))  # fmt: skip
    def use_units(self, who: int, number: int, count: int, act: str) -> None:
        row, desk = self.pick("prior_authorization", number), self.desks[who]
        acts: dict[str, Callable[[], Any]] = {
            "use": lambda: authorizations.use(desk, row, number_of_units=count),
            "override": lambda: authorizations.use(
                desk, row, number_of_units=count, override="agreed"),
            "release": lambda: authorizations.release(desk, row, reason="typed twice"),
            "extend": lambda: authorizations.extend(desk, row, number_of_units=count + 2),
            "void": lambda: authorizations.void(desk, row, reason="mistake"),
        }  # fmt: skip
        self.do(act, acts[act])

    @rule(who=who, visit=people, number=people, over=rarely)
    def cover_visit(self, who: int, visit: int, number: int, over: bool) -> None:
        row, auth = self.pick("appointment", visit), self.pick("prior_authorization", number)
        self.do("link", lambda: permits.link(
            self.desks[who], row, authorization_id=auth,
            override="agreed" if over else ""))  # fmt: skip

    # -- the schedule

    @rule(
        who=who, person=people, code=st.sampled_from(PLACES), day=st.integers(0, 5),
        slot=st.integers(0, 54), kind=st.sampled_from(("FU", "NV")), over=st.booleans(),
    )  # fmt: skip
    def book(
        self, who: int, person: int, code: str, day: int, slot: int, kind: str, over: bool
    ) -> None:
        row, key = self.pick("patient", person), self.key()
        self.do("book", lambda: scheduling.book(
            self.desks[who], patient_id=row, visit_type=kind, provider=code,
            start=self.when(day, slot), overbook_reason="urgent" if over else None, key=key,
        ), again=True)  # fmt: skip

    @rule(who=who, person=people, code=st.sampled_from(PLACES), slot=st.integers(8, 54))
    def book_today(self, who: int, person: int, code: str, slot: int) -> None:
        row = self.pick("patient", person)
        start = self.when((self.desk.today() - date(2026, 3, 18)).days, slot)
        self.do("book", lambda: scheduling.book(
            self.desks[who], patient_id=row, visit_type="FU", provider=code, start=start,
            overbook_reason="urgent"))  # fmt: skip

    @rule(who=who, number=people, code=st.sampled_from((None, *PLACES)), day=st.integers(0, 4),
          slot=st.integers(0, 54), stale=rarely)  # fmt: skip
    def move(
        self, who: int, number: int, code: str | None, day: int, slot: int, stale: bool
    ) -> None:
        row = self.pick("appointment", number)
        version = self.version("appointment", row, stale)
        done = self.do("move", lambda: scheduling.move(
            self.desks[who], row, version=version, start=self.when(day, slot), provider=code,
            patient_overlap_reason="wants it"))  # fmt: skip
        assert not (stale and done)

    @rule(who=who, number=people, stale=rarely)
    def cancel(self, who: int, number: int, stale: bool) -> None:
        self.change(who, number, "cancel", stale)

    @rule(who=who, number=people, stale=rarely, act=st.sampled_from(("reinstate", "put_back")))
    def back(self, who: int, number: int, stale: bool, act: str) -> None:
        gone = self.visits("lifecycle = 'cancelled'")
        row = gone[number % len(gone)] if gone else 0
        if not gone:  # there is nothing to bring back yet
            act = "cancel"
        self.change(who, number, act, stale, row)

    @rule(number=people, act=st.sampled_from(("undo_book", "undo_move")))
    def undo(self, number: int, act: str) -> None:
        some = self.visits(
            "lifecycle = 'scheduled' AND stage = 'expected' AND rescheduled_from_id IS "
            + ("NOT NULL" if act == "undo_move" else "NULL")
        )
        row = some[number % len(some)] if some else self.pick("appointment", number)
        by = self.desk.rows("SELECT booked_by FROM appointment WHERE id = ?", row)
        logins = [desk.actor.login for desk in self.desks]
        self.change(logins.index(by[0][0]) if by else 0, number, act, False, row)

    def visits(self, which: str) -> list[int]:
        """The ids of visits of some kind, the newest first."""
        sql = f"SELECT id FROM appointment WHERE {which} ORDER BY id DESC"
        return [row for (row,) in self.desk.rows(sql)]

    @rule(who=who, number=people, stale=rarely, act=st.sampled_from(("confirm", "set_note")))
    def remark(self, who: int, number: int, stale: bool, act: str) -> None:
        self.change(who, number, act, stale)

    def change(self, who: int, number: int, act: str, stale: bool, row: int = 0) -> None:
        row = row or self.pick("appointment", number)
        version = self.version("appointment", row, stale)
        # A visit that is moved keeps its note and begins at version 1: the row makes it another.
        more: dict[str, Any] = {
            "cancel": {"by": "patient", "reason": "sick"},
            "set_note": {"note": f"n{row}.{version}"},
        }.get(act, {})  # fmt: skip
        if act == "put_back":
            act, more = "reinstate", {"start": self.when(number % 4, number % 50)}
        before = self.desk.rows("SELECT confirmation FROM appointment WHERE id = ?", row)
        name = "edit" if act == "confirm" and before == [("confirmed",)] else act
        done = self.do(name, lambda: getattr(scheduling, act)(
            self.desks[who], row, version=version, **more))  # fmt: skip
        assert not (stale and done)

    @rule(who=who, code=st.sampled_from(PLACES), day=st.integers(0, 4), slot=st.integers(0, 54))
    def hold(self, who: int, code: str, day: int, slot: int) -> None:
        self.do("hold", lambda: holds.hold(self.desks[who], code, "MAIN", self.when(day, slot), 20))

    @rule(who=who)
    def release(self, who: int) -> None:
        self.do("release", lambda: holds.release(self.desks[who]))

    # -- the day of a visit

    @rule(
        who=who, number=people, act=st.sampled_from(MOVES), stale=rarely,
        reason=st.sampled_from(("", "wait")), room=st.sampled_from(("", "1", "2", "none")),
    )  # fmt: skip
    def visit(self, who: int, number: int, act: str, stale: bool, reason: str, room: str) -> None:
        row = self.pick("appointment", number)
        version = self.version("appointment", row, stale)
        more = {"room": room} if act == "room" else {}
        done = self.do(act, lambda: getattr(visits, act)(
            self.desks[who], row, version=version, reason=reason, **more))  # fmt: skip
        assert not (stale and done)

    @rule(who=who, number=people, count=st.integers(1, 6))
    def whole_visit(self, who: int, number: int, count: int) -> None:
        """A visit that goes as most do: random single moves seldom get to the end."""
        row = self.pick("appointment", number)
        for act in ("arrive", "check_in", "room", "with_provider", "ready", "check_out")[:count]:
            self.do(act, lambda act=act: getattr(visits, act)(self.desks[who], row))  # type: ignore[misc]

    @rule(who=who, number=people, born=st.sampled_from(("031482", "010199")),
          why=st.sampled_from(("", "forgot")))  # fmt: skip
    def checklist(self, who: int, number: int, born: str, why: str) -> None:
        row, key = self.pick("appointment", number), self.key()
        answers = CheckInAnswers(birth_date=born, contact_same=True, not_collected=why)
        self.do("check_in", lambda: complete(self.desks[who], row, answers, key=key))

    @rule(who=who, person=people, code=st.sampled_from(PLACES))
    def walk_in(self, who: int, person: int, code: str) -> None:
        row, key = self.pick("patient", person), self.key()
        self.do("walk_in", lambda: visits.walk_in(
            self.desks[who], row, "FU", code, "cut hand", key=key), again=True)  # fmt: skip

    # -- money

    @rule(who=who, person=people, cents=cents, kind=st.sampled_from(("copay", "form_fee", "x")))
    def charge(self, who: int, person: int, cents: int, kind: str) -> None:
        row, key = self.pick("patient", person), self.key()
        self.do("charge", lambda: payments.charge(
            self.desks[who], row, kind=kind, amount_cents=cents, key=key), again=True)  # fmt: skip

    @rule(who=who, number=people)
    def reverse(self, who: int, number: int) -> None:
        row = self.pick("charge", number)
        self.do("reverse", lambda: payments.reverse_charge(self.desks[who], row, reason="wrong"))

    @rule(who=who, person=people, first=cents, second=cents, late=st.booleans(),
          purpose=st.sampled_from((None, "copay", "form_fee", "balance", "prepayment")),
          prepay=st.booleans())  # fmt: skip
    def take(
        self, who: int, person: int, first: int, second: int, late: bool, purpose: str | None,
        prepay: bool,
    ) -> None:  # fmt: skip
        row, key = self.pick("patient", person), self.key()
        visit = self.desk.rows("SELECT max(id) FROM appointment WHERE patient_id = ?", row)[0][0]
        tenders = [TenderEntry("cash", first)]
        if second:
            tenders.append(TenderEntry("card", second, brand="visa", last4="4417", approval="A1"))
        done = self.do("take", lambda: payments.take(
            self.desks[who], row, tenders=tenders, purpose=purpose, allow_prepayment=prepay,
            appointment_id=visit if late else None, key=key), again=True)  # fmt: skip
        if done:
            self.taken[done.patient_id] += done.total_cents

    @rule(who=who, number=people, reason=st.sampled_from(("wrong_amount", "")),
          agreed=st.booleans())  # fmt: skip
    def void(self, who: int, number: int, reason: str, agreed: bool) -> None:
        row = self.pick("payment", number)
        found = Payment.get_or_none(Payment.id == row)
        receipt = found.receipt if found else "R-000000-999"
        yes = second(self.desks[who], "payment.void") if agreed else None
        done = self.do("void", lambda: payments.void(
            self.desks[who], receipt, reason=reason, approval=yes))  # fmt: skip
        if done:
            self.taken[done.patient_id] += done.total_cents

    @rule(who=who, person=people, cents=cents, purpose=st.sampled_from((None, "other", "copay")))
    def take_and_void(self, who: int, person: int, cents: int, purpose: str | None) -> None:
        """Taken back at once, a payment leaves what was owed as it was."""
        row, key = self.pick("patient", person), self.key()
        owed = payments.due(self.desk, row)
        tenders = [TenderEntry("check", cents, reference="1042")]
        done = self.do("take", lambda: payments.take(
            self.desks[who], row, tenders=tenders, purpose=purpose, key=key))  # fmt: skip
        if done:
            yes = second(self.desks[who], "payment.void")
            self.do("void", lambda: payments.void(
                self.desks[who], done.receipt, reason="wrong_amount", approval=yes))  # fmt: skip
            assert payments.due(self.desk, row) == owed

    @rule(who=who, person=people, cents=st.sampled_from((None, 0, 2500, -1)))
    def not_collected(self, who: int, person: int, cents: int | None) -> None:
        row = self.pick("patient", person)
        self.do("not_collected", lambda: payments.not_collected(
            self.desks[who], row, reason="forgot", amount_cents=cents))  # fmt: skip

    # -- messages and drafts

    @rule(who=who, person=people, to=st.sampled_from((None, "kim", "nobody")))
    def message(self, who: int, person: int, to: str | None) -> None:
        row, key = self.pick("patient", person), self.key()
        self.do("message", lambda: messages.take(
            self.desks[who], patient_id=row, topic="rx", body="refill", assignee=to, key=key,
        ), again=True)  # fmt: skip

    @rule(who=who, number=people, stale=rarely, act=st.sampled_from(
        ("read", "acknowledge", "progress", "forward", "close", "reopen")))  # fmt: skip
    def handle(self, who: int, number: int, stale: bool, act: str) -> None:
        row = self.pick("message", number)
        version = self.version("message", row, stale)
        more: dict[str, Any] = {
            "progress": {"note": "called"}, "forward": {"assignee": "kim"},
            "close": {"outcome": "called"},
        }.get(act, {})  # fmt: skip
        done = self.do(act, lambda: getattr(messages, act)(
            self.desks[who], row, version=version, **more))  # fmt: skip
        assert not (stale and done)

    @rule(who=who, other=st.sampled_from(("mlopez", "kim", "nobody")), number=st.integers(0, 5),
          act=st.sampled_from(("save", "save", "finish", "drop", "hand_over")))  # fmt: skip
    def draft(self, who: int, other: str, number: int, act: str) -> None:
        desk, key = self.desks[who], f"d{number}"
        if act == "save":
            self.drafts += 1
            state = {"body": f"words {self.drafts}"}
            saved = self.do("draft", lambda: drafts.save(
                desk, key=key, form="call", heading="CALL", state=state))  # fmt: skip
            assert not saved or drafts.get(desk, key).state == state
            return
        more = {"drop": ("they hung up",), "hand_over": (other,)}.get(act, ())
        self.do("draft", lambda: getattr(drafts, act)(desk, key, *more))

    @rule(minutes=st.sampled_from((1, 6, 20, 45, 240, 900)))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)
        self.do("release", lambda: free_time.lay_out(self.desk) and None)

    # -- what must hold after every step

    @invariant()
    def the_journal_holds(self) -> None:
        assert list(journal.verify(self.desk.database, self.desk.secret)) == []

    @invariant()
    def free_time_is_what_it_should_be(self) -> None:
        assert free_time.check(self.desk) == []

    @invariant()
    def no_law_is_broken(self) -> None:
        for law, sql in LAWS.items():
            assert self.desk.rows(sql) == [], law

    @invariant()
    def balances_are_sums(self) -> None:
        charged: dict[int, int] = defaultdict(int)
        for patient, cents in self.desk.rows("SELECT patient_id, amount_cents FROM charge"):
            charged[patient] += cents
        last: dict[int, int] = {}
        for patient, after in self.desk.rows(
            "SELECT patient_id, balance_after_cents FROM payment ORDER BY id"
        ):
            last[patient] = after
        for (patient,) in self.desk.rows("SELECT id FROM patient"):
            balance = payments.balance_cents(self.desk, patient)
            assert balance == charged[patient] - self.taken[patient]
            due = sum(d.due_cents for d in payments.due(self.desk, patient) if d.charge_id)
            assert due >= max(balance, 0), "less is shown as due than is owed"

    @invariant()
    def the_search_finds_everybody(self) -> None:
        assert search_index.check(self.desk.database) == []

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        rooms = self.desk.rows("SELECT count(*) FROM appointment WHERE stage = 'checked_out'"
                               " AND room_id IS NOT NULL")  # fmt: skip
        assert rooms == [(0,)], "a room is kept by somebody who left"


WholeOffice.TestCase.settings = settings(
    max_examples=700 if LONG else 30,
    stateful_step_count=60 if LONG else 40,
    deadline=None,
    derandomize=not LONG,
    # Found is enough: to shorten a failure takes minutes. The steps are printed either way.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
TestWholeOffice = WholeOffice.TestCase
