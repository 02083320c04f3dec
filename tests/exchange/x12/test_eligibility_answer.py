"""Eligibility answers (271): every line kept with its place, and what payers really send."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskterm.exchange.x12 import code_words
from deskterm.exchange.x12.eligibility_answer import Answers, Benefit, Person, read_answers
from deskterm.exchange.x12.segments import Refused
from tests.exchange.x12.making import (
    DEPENDENT,
    ISA,
    REFUSED_999,
    SUBSCRIBER,
    TOP,
    answer,
    need_samples,
    sample_files,
    x12,
)

# Of each sample: people, EB lines, problems, and how many AAA stand at each level.
TOTALS: dict[str, tuple[int, int, int, dict[str, int]]] = {
    "inteligenz___4010_Example1_DHHS.txt":
        (1, 12, 0, {"source": 1, "receiver": 1, "subscriber": 1}),
    "inteligenz___4010_Example2_TMHP.txt": (1, 4, 0, {}),
    "inteligenz___4010_From_tcplex.txt": (2, 2, 0, {}),
    "inteligenz___5010_Example_3_1_2.txt": (1, 5, 0, {}),
    "inteligenz___5010_Example_3_1_2_2.txt":
        (1, 6, 1, {"source": 4, "receiver": 2, "subscriber": 1, "benefit": 2}),
    "inteligenz___5010_Example_3_1_3.txt": (0, 0, 0, {"receiver": 1}),
    "inteligenz___5010_Example_ErrorWithoutBenefitInfo.txt":
        (1, 0, 0, {"source": 4, "receiver": 2, "subscriber": 1}),
    "inteligenz___5010_ValidationForDependentBenefitInfo.txt": (2, 1, 1, {"benefit": 1}),
    "inteligenz___5010_ValidationForDependentName.txt": (2, 1, 1, {"dependent": 1}),
    "inteligenz___5010_ValidationForReceiverName.txt": (0, 0, 1, {"receiver": 4}),
    "inteligenz___5010_ValidationForSource.txt": (0, 0, 1, {"source": 1}),
    "inteligenz___5010_ValidationForSourceName.txt": (0, 0, 1, {"source": 1}),
    "inteligenz___5010_ValidationForSubscriberBenefitInfo.txt": (1, 1, 1, {"benefit": 2}),
    "inteligenz___5010_ValidationForSubscriberName.txt": (1, 0, 1, {"subscriber": 2}),
    "linuxforhealth__271_005010X279A1_dependent-health-benefit-check.271": (2, 5, 0, {}),
    "linuxforhealth__271_005010X279A1_subscriber-health-benefit-check-error.271":
        (0, 0, 1, {"receiver": 1}),
}  # fmt: skip


def person(data: str | bytes, index: int = 0) -> Person:
    return read_answers(data).answers[0].people[index]


def line(text: str) -> Benefit:
    (found,) = person(answer(text)).benefits
    return found


def texts(found: Answers) -> list[str]:
    return [problem.text for problem in found.problems]


def test_the_totals_of_every_sample() -> None:
    need_samples()
    found = {}
    for path in sample_files("271"):
        said = read_answers(path.read_bytes())
        people = [p for a in said.answers for p in a.people]
        levels: dict[str, int] = {}
        own = [r for p in people for r in p.rejections if r.level not in ("source", "receiver")]
        for rejected in [*(r for a in said.answers for r in a.rejections), *own]:
            levels[rejected.level] = levels.get(rejected.level, 0) + 1
        lines = sum(len(p.benefits) for p in people)
        found[path.name] = (len(people), lines, len(said.problems), levels)
        text = path.read_text("utf-8-sig")
        assert lines == text.count("EB*")
        assert sum(levels.values()) == text.count("AAA*")
    assert found == TOTALS


@pytest.mark.parametrize("kind", ["270", "276", "277", "278", "835"])
def test_samples_of_other_kinds_are_refused_by_name(kind: str) -> None:
    need_samples()
    files = sample_files(kind)
    assert files
    for path in files:
        with pytest.raises(Refused, match=rf"^This is a '{kind}', not a 271|ends in|ends without"):
            read_answers(path.read_bytes())


def test_a_whole_answer() -> None:
    (found,) = read_answers(answer("EB*1*IND*30**GOLD")).answers
    assert (found.payer.name, found.payer.number) == ("ABC COMPANY", "842610001")
    assert (found.receiver.name, found.receiver.number) == ("BONE AND JOINT CLINIC", "1234567893")
    assert (found.reference, found.made_on) == ("T1", date(2026, 3, 18))
    assert (found.version, found.control, found.interchange, found.test) == (
        "005010X279A1", "0001", "000000905", False,
    )  # fmt: skip
    (one,) = found.people
    assert one.name == "SMITH, JOHN Q JR"
    assert (one.member_id, one.birth_date, one.sex) == ("123456789", date(1963, 5, 19), "M")
    assert one.address == "1 ELM ST, APT 2, DECATUR IL 62521"
    assert one.traces == ("T1",)
    assert [(d.words, d.first) for d in one.dates] == [("plan from", date(2006, 1, 1))]
    assert (one.status, one.role, one.changed) == ("active", "subscriber", False)


def test_a_line_with_everything_on_it() -> None:
    (found,) = person(
        answer("""EB*C*FAM*30^98*HM*GOLD*23*1500.50*.2*VS*12.5*Y*N*HC:99213
        HSD*VS*20***23
        REF*18*PLAN9*NAME
        DTP*292*RD8*20260101-20261231
        III*ZZ*11**OFFICE ONLY
        MSG*NOT FOR SPECIALISTS
        MSG*SEE THE BOOK
        LS*2120
        NM1*P3*1*JONES*MARCUS****XX*1234567893
        N3*2 OAK ST
        N4*DECATUR*IL*62521
        PER*IC*DESK*TE*2175550123*FX*2175550124
        PRV*PE*PXC*207Q00000X
        LE*2120""")
    ).benefits
    assert (found.line, found.position, found.code, found.level) == (1, 16, "C", "FAM")
    assert (found.services, found.insurance, found.plan) == (("30", "98"), "HM", "GOLD")
    assert (found.period, found.amount_cents, found.share) == ("23", 150_050, 2_000)
    assert (found.quantity_kind, found.quantity) == ("VS", Decimal("12.5"))
    assert (found.authorization, found.network, found.procedure) == ("Y", "N", "HC:99213")
    assert found.messages == ("OFFICE ONLY", "NOT FOR SPECIALISTS", "SEE THE BOOK")
    assert found.details == ("HSD*VS*20***23", "III*ZZ*11**OFFICE ONLY")
    assert [(r.qualifier, r.number, r.text) for r in found.references] == [("18", "PLAN9", "NAME")]
    assert [(d.first, d.last) for d in found.dates] == [(date(2026, 1, 1), date(2026, 12, 31))]
    (doctor,) = found.parties
    assert (doctor.role, doctor.name, doctor.taxonomy) == ("P3", "MARCUS JONES", "207Q00000X")
    assert doctor.address == "2 OAK ST, DECATUR IL 62521"
    assert doctor.contacts == ("DESK 2175550123 2175550124",)
    assert found.raw == "EB*C*FAM*30^98*HM*GOLD*23*1500.50*.2*VS*12.5*Y*N*HC:99213"


# What payers really send (interop.md, section 2).


def test_the_plan_is_named_only_in_eb05_or_only_in_a_message() -> None:
    assert line("EB*1**30**GOLD 123 PLAN").plan == "GOLD 123 PLAN"
    found = line("EB*1**30\nMSG*GOLD 123 PLAN")
    assert (found.plan, found.messages) == ("", ("GOLD 123 PLAN",))


@pytest.mark.parametrize("network", ["Y", "N", "W", "U", ""])
def test_in_and_out_of_network(network: str) -> None:
    found = line(f"EB*B**98***27*30*****{network}")
    assert found.network == network
    assert not network or code_words.NETWORK[network]
    assert found.amount_cents == 3_000


def test_what_remains_without_what_it_remains_of() -> None:
    found = person(answer("EB*C*IND*30***29*250")).benefits
    assert [(b.code, b.period, b.amount_cents) for b in found] == [("C", "29", 25_000)]
    assert "29" in code_words.REMAINING


@pytest.mark.parametrize("amount", ["99999.99", "999999.99", "9999999.99"])
def test_an_amount_that_means_no_limit(amount: str) -> None:
    assert line(f"EB*F*IND*30***32*{amount}").unlimited
    assert not line("EB*F*IND*30***32*99999.98").unlimited


def test_try_again_apart_from_correct_it() -> None:
    again, number, nobody = person(answer("AAA*N**42*P\nAAA*N**72*C\nAAA*N**75*C")).rejections
    assert [r.transient for r in (again, number, nobody)] == [True, False, False]
    assert again.do.startswith("It is asked again by itself")
    assert number.do == "Read the member id from the card again"
    assert "not found" in nobody.what
    unknown = person(answer("AAA*N**ZZ*N")).rejections[0]
    assert (unknown.what, unknown.do) == (
        "Rejected with code ZZ", "Call the payer (asking again is not allowed)",
    )  # fmt: skip


def test_a_271_answered_by_a_ta1_or_a_999() -> None:
    ta1 = f"{ISA}~TA1*000000907*260318*0905*R*020~IEA*0*000000905~"
    found = read_answers(ta1)
    assert not found.answers
    assert "is it test or production?" in found.refused[0]
    found = read_answers(x12(REFUSED_999, set_code="999", version="005010X231A1"))
    assert not found.answers
    assert found.refused == (
        "999: the payer's system took only a part of the request: "
        "270 0001: segment 5 (NM1), element 9: not a code that is known",
    )
    assert [p.segment for p in found.problems] == ["999", "999"]
    assert all("BAD ID" not in text for text in (*found.refused, *texts(found)))
    taken = read_answers(x12("AK1*HS*1\nAK2*270*1\nIK5*A\nAK9*A*1*1*1", set_code="999"))
    assert (taken.answers, taken.refused, taken.problems) == ((), (), ())
    both = read_answers(ta1.replace("*R*020", "*A*000") + answer("EB*1**30"))
    assert (len(both.answers), both.refused) == (1, ())


def test_subscriber_and_dependent_swapped() -> None:
    swapped = """
    HL*3*2*22*1
    NM1*IL*1*SMITH*MARY****MI*123456789
    AAA*N**58*C
    HL*4*3*23*0
    NM1*03*1*SMITH*JOHN
    INS*N*18
    EB*1**30
    """
    first, second = read_answers(x12(TOP + swapped)).answers[0].people
    assert (first.role, first.rejections[0].code, first.status) == ("subscriber", "58", "unable")
    assert (second.role, second.relationship, second.status) == ("dependent", "18", "active")


def test_the_payer_corrected_name_or_id() -> None:
    found = person(answer("INS*Y*18*001*25\nEB*1**30"))
    assert found.changed
    assert not person(answer("INS*Y*18\nEB*1**30")).changed
    assert not person(answer("INS*Y*18*001*02\nEB*1**30")).changed
    assert person(answer().replace("123456789", "987654321")).member_id == "987654321"


def test_lines_of_the_subscriber_before_the_dependent() -> None:
    data = x12(TOP + SUBSCRIBER + "EB*1**30\n" + DEPENDENT + "EB*6**30")
    first, second = read_answers(data).answers[0].people
    assert (first.status, second.status) == ("active", "inactive")
    assert [b.line for b in (*first.benefits, *second.benefits)] == [1, 1]


def test_a_loop_that_is_not_closed() -> None:
    found = read_answers(answer("EB*L\nLS*2120\nNM1*P3*1*JONES\nEB*1**30"))
    assert texts(found) == ["EB: a loop was opened and not closed"]
    assert [b.code for b in found.answers[0].people[0].benefits] == ["L", "1"]
    found = read_answers(answer("EB*L\nLS*2120\nNM1*P3*1*JONES" + DEPENDENT + "EB*1**30"))
    assert texts(found) == ["HL: a loop was opened and not closed"]
    found = read_answers(answer("EB*L\nLS*2120\nNM1*P3*1*JONES"))
    assert texts(found) == ["LS: a loop was opened and not closed"]
    found = read_answers(answer("EB*L\nLE*2120"))
    assert texts(found) == ["LE: a loop is closed that was not opened"]
    found = read_answers(answer("EB*L\nLS*2120\nLS*2120\nLE*2120"))
    assert texts(found) == ["LS: a loop inside a loop"]


def test_named_parties_without_a_loop() -> None:
    (party,) = line("EB*R**30\nNM1*PRP*2*OTHER PLAN\nN3*1 OAK").parties
    assert (party.role, party.name, party.address) == ("PRP", "OTHER PLAN", "1 OAK")


@pytest.mark.parametrize(
    ("share", "expected", "problem"),
    [(".2", 2_000, None), ("0.2", 2_000, None), ("0", 0, None), ("1", 10_000, None),
     (".125", 1_250, None), ("20", 2_000, "above 1"), ("100", 10_000, "above 1"),
     ("150", None, "not a share"), ("-.2", None, "not a share"), ("20%", None, "not a number")],
)  # fmt: skip
def test_shares(share: str, expected: int | None, problem: str | None) -> None:
    data = answer(f"EB*A*IND*98*****{share}")
    assert person(data).benefits[0].share == expected
    assert problem is None or problem in " ".join(texts(read_answers(data)))
    assert f"*{share}" in person(data).benefits[0].raw


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("10", 1_000), ("10.5", 1_050), ("10.", 1_000), (".5", 50), ("-12.34", -1_234),
     ("+3", 300), ("0", 0), ("10.001", None), ("1e5", None), ("1_000", None), ("1,000", None),
     ("NaN", None), ("Infinity", None), ("٣", None), ("9" * 15, None), ("9" * 5_000, None),
     ("$5", None), ("UNLIMITED", None)],
)  # fmt: skip
def test_amounts(amount: str, expected: int | None) -> None:
    found = read_answers(answer(f"EB*B**98***27*{amount}"))
    (benefit,) = found.answers[0].people[0].benefits
    assert benefit.amount_cents == expected
    assert len(found.problems) == (expected is None)
    assert benefit.raw.endswith(f"*{amount}")


@pytest.mark.parametrize(
    ("raw", "first", "last"),
    [("D8*20260101", date(2026, 1, 1), date(2026, 1, 1)),
     ("RD8*20260101-20261231", date(2026, 1, 1), date(2026, 12, 31)),
     ("DT*202601011030", date(2026, 1, 1), date(2026, 1, 1)),
     ("D8*20261301", None, None), ("D8*2026W011", None, None), ("D8*00000000", None, None),
     ("RD8*20260101-", date(2026, 1, 1), date(2026, 1, 1)), ("RD8*20260101-9", date(2026, 1, 1),
     None), ("D8*01012026", None, None), ("D8*٢٠٢٦٠١٠١", None, None)],
)  # fmt: skip
def test_dates(raw: str, first: date | None, last: date | None) -> None:
    found = read_answers(answer(f"DTP*291*{raw}"))
    dated = found.answers[0].people[0].dates[-1]
    assert (dated.first, dated.last) == (first, last)
    assert dated.raw == raw.split("*")[1]
    assert bool(found.problems) == (first is None or last is None)


@pytest.mark.parametrize(
    ("old_new", "eb03"),
    [("*^*00501|*U*00401", "30:98"), ("*^*00501|*U*00401", "30^98"), ("P*:|P*^", "30^98"),
     ("*^*00501|*!*00501", "30!98"), ("*^*00501|*!*00501", "30^98")],
)  # fmt: skip
def test_services_however_they_are_separated(old_new: str, eb03: str) -> None:
    old, new = old_new.split("|")
    assert old in ISA
    data = answer(f"EB*1**{eb03}", isa=ISA.replace(old, new))
    assert person(data).benefits[0].services == ("30", "98")


def test_status() -> None:
    def status(text: str) -> str:
        return person(answer(text)).status

    assert status("EB*1**30") == "active"
    assert status("EB*1") == "active"
    assert status("EB*6**30") == "inactive"
    assert status("EB*6**30\nEB*1**88") == "inactive"
    assert status("EB*1**30\nEB*6**35") == "active"
    assert status("EB*6**88") == "inactive"
    assert status("EB*1**30\nEB*6**30") == "issue"
    assert status("EB*5**30") == "issue"
    assert status("EB*1**30\nAAA*N**70*C") == "issue"
    assert status("AAA*N**75*C") == "unable"
    assert status("EB*B**98***27*30") == "unknown"
    assert status("") == "unknown"


def test_nothing_is_dropped_that_has_no_place() -> None:
    data = x12(
        TOP
        + "REF*EO*99\nZZ9*X*Y\n"
        + SUBSCRIBER
        + "HI*BF:1\nMPI*C*A\nPRV*AT*PXC*2\nPER*IC**TE*1\nNM1*QD*1*GUARDIAN*ANN\n"
        + "INS*Y*18*******N*N\nDMG*D8*1963\nEB*1**30\nZZ8*Q"
    )
    (found,) = read_answers(data).answers
    assert found.others == ("REF*EO*99", "ZZ9*X*Y")
    assert found.people[0].others == (
        "HI*BF:1", "MPI*C*A", "PRV*AT*PXC*2", "PER*IC**TE*1", "NM1*QD*1*GUARDIAN*ANN",
        "INS*Y*18*******N*N", "DMG*D8*1963",
    )  # fmt: skip
    assert found.people[0].benefits[0].details == ("ZZ8*Q",)
    assert texts(read_answers(data)) == ["DMG: not a birth date"]


def test_people_and_lines_without_their_levels() -> None:
    found = read_answers(x12("BHT*0022*11\nHL*1**20*1\nNM1*PR*2*ABC\nNM1*IL*1*SMITH*JO\nEB*1**30"))
    assert texts(found) == ["NM1: a person without an HL"]
    assert found.answers[0].people[0].status == "active"
    found = read_answers(x12("BHT*0022*11\nEB*1**30"))
    assert texts(found) == ["EB: a benefit before any person"]
    found = read_answers(x12(TOP + SUBSCRIBER + "HL*4*3*XX*0\nNM1*03*1*SMITH*AL\nEB*1**30"))
    assert texts(found) == ["HL: a level that an eligibility answer does not have"]
    assert [p.role for p in found.answers[0].people] == ["subscriber", "dependent"]


def test_an_organization_with_names_of_a_person_keeps_its_own() -> None:
    found = read_answers(x12(TOP.replace("ABC COMPANY*****PI", "ABC COMPANY****PI") + SUBSCRIBER))
    assert found.answers[0].payer.name == "ABC COMPANY"
    assert texts(found) == ["NM1: an organization with the names of a person"]


def test_rejections_above_are_everyones_but_not_without_end() -> None:
    data = x12(TOP + "AAA*N**42*P\n" * 50 + SUBSCRIBER + "AAA*N**72*C")
    (found,) = read_answers(data).answers
    assert len(found.rejections) == 50
    assert len(found.people[0].rejections) == 21
    assert found.people[0].rejections[-1].code == "72"


def test_several_answers_in_one_transaction_set_of_files() -> None:
    two = answer("EB*1**30") + answer("EB*6**30")
    found = read_answers(two)
    assert [a.people[0].status for a in found.answers] == ["active", "inactive"]
    lines = [a.people[0].benefits[0].position for a in found.answers]
    assert lines == [16, 16 + answer("EB*1**30").count("~")]


def test_another_kind_among_answers_is_refused() -> None:
    with pytest.raises(Refused, match="This is a '835', not a 271") as caught:
        read_answers(answer() + x12("BPR*I", set_code="835"))
    assert caught.value.segment == "ST"
    assert caught.value.position == answer().count("~") + 3
    with pytest.raises(Refused, match="something else"):
        read_answers(x12("BHT*1", set_code="SMITH"))


CODE = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=2)
MONEY = st.integers(-(10**9), 10**11).map(lambda cents: Decimal(cents) / 100)
WORDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabc 0123456789.,/()-%$#&'", max_size=40).map(str.strip)


@st.composite
def benefits(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "code": draw(CODE), "level": draw(st.sampled_from(["", "IND", "FAM", "XYZ"])),
        "services": tuple(draw(st.lists(CODE, max_size=6))),
        "insurance": draw(st.sampled_from(["", "HM", "PR"])), "plan": draw(WORDS),
        "period": draw(st.sampled_from(["", "23", "29", "27", "99"])),
        "amount": draw(st.none() | MONEY),
        "share": draw(st.none() | st.integers(0, 10_000)),
        "quantity": draw(st.none() | st.decimals(0, 10**6, places=2)),
        "authorization": draw(st.sampled_from(["", "Y", "N", "U"])),
        "network": draw(st.sampled_from(["", "Y", "N", "W", "U"])),
        "messages": tuple(draw(st.lists(WORDS, max_size=3))),
    }  # fmt: skip


def written(one: dict[str, Any]) -> str:
    share = "" if one["share"] is None else f"{Decimal(one['share']) / 10_000:f}"
    elements = [
        "EB", one["code"], one["level"], "^".join(one["services"]), one["insurance"], one["plan"],
        one["period"], "" if one["amount"] is None else f"{one['amount']:f}", share,
        "VS" if one["quantity"] is not None else "",
        "" if one["quantity"] is None else f"{one['quantity']:f}", one["authorization"],
        one["network"],
    ]  # fmt: skip
    return "\n".join(["*".join(elements), *(f"MSG*{text}" for text in one["messages"])])


@settings(max_examples=80, deadline=None)
@given(st.lists(benefits(), max_size=15))
def test_any_lines_come_back_as_they_were_sent(sent: list[dict[str, Any]]) -> None:
    found = read_answers(answer("\n".join(written(one) for one in sent)))
    assert not found.problems
    lines = found.answers[0].people[0].benefits
    assert [b.line for b in lines] == list(range(1, len(sent) + 1))
    for one, got in zip(sent, lines, strict=True):
        amount = None if one["amount"] is None else int(one["amount"] * 100)
        assert got.amount_cents == amount
        assert got.quantity == one["quantity"]
        for name in ("code", "level", "services", "insurance", "plan", "period", "share",
                     "authorization", "network", "messages"):  # fmt: skip
            assert getattr(got, name) == one[name], name
