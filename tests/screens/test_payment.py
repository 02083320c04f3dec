"""Taking money at the desk: split tenders, change, slips of the finger, voids, drafts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from deskterm.db.payments import Allocation, NotCollected, Payment, Tender
from deskterm.db.scheduling import Appointment
from deskterm.entry.money import TenderEntry
from deskterm.office import charges, drafts, payments, receipts, refunds
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic
from tests.screens.driver import Clerk, at_desk
from tests.screens.people import other_desk


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


@pytest.fixture
def visit(made: Clinic) -> Appointment:
    """Today's visit of TRAN, O: a copay of 25.00 and 40.00 from February."""
    patient = made.patient("TRAN", "OLIVIA", born=date(1988, 6, 22), sex="F")
    made.cover(patient)
    payments.charge(
        made.desk, patient.id, kind="visit", amount_cents=4000, service_day=date(2026, 2, 20)
    )
    return made.appointment(patient)


def tenders(payment: Payment) -> list[tuple[str, int, int | None, str, str]]:
    found = Tender.select().where(Tender.payment == payment.id).order_by(Tender.id)
    return [(t.kind, t.amount_cents, t.given_cents, t.card_last4, t.approval) for t in found]


async def pay(clerk: Clerk, text: str) -> None:
    """Open the payment of the board's row 1 and type."""
    await clerk.type("1p" + text)


async def test_a_split_payment_takes_26_keys_from_the_board(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await pay(clerk, "40ca 25cc\n4417\n08812q\n\n")
        assert clerk.place == "DayScreen"
        assert clerk.keys == 25  # one digit of the row number fewer than in the budget of 28
        taken = Payment.get()
        assert tenders(taken) == [
            ("cash", 4000, None, "", ""),
            ("card", 2500, None, "4417", "08812Q"),
        ]
        assert taken.appointment_id == visit.id
        assert clerk.row(23) == f"Receipt {taken.receipt}, 65.00. ^Z takes it back"
        assert payments.balance_cents(desk, visit.patient_id) == 0


async def test_what_is_shown_is_the_receipt_that_is_printed(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk, size=(140, 40)) as clerk:
        await pay(clerk, "100ca\n")
        shown = [line.rpartition("|")[2] for line in clerk.lines()[3:37] if "|" in line]
        assert "C H A N G E   3 5 . 0 0" in clerk.text()
        assert "Enter = POST 65.00 and print receipt R-260318-001" in clerk.row(38)
        await clerk.press("enter")
        receipt = Payment.get().receipt
        text = receipts.text(desk, receipt, columns=32)
        assert "\n".join(shown).rstrip() == text.rstrip()
        assert "CHANGE 35.00" in clerk.row(39)
        folder = Path(desk.settings.database).with_name("receipts")
        assert (folder / f"{receipt}.txt").read_text() == receipts.text(desk, receipt)


async def test_the_screen_shows_dues_and_what_is_missing(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await pay(clerk, "40ca 25cc")
        assert not clerk.has(
            ["TRAN, OLIVIA", "06/22/1988", "copay FU20", "25.00", "visit, your", "40.00",
             "left 0.00", "R-260318-001", "last4", "approval"]
        )  # fmt: skip
        assert "Enter = last4" in clerk.row(22)
        await clerk.type("\n\n")
        assert "Needed here: last4" in clerk.row(22) or "last4 is needed" in clerk.row(22)
        assert Payment.select().count() == 0


async def test_cash_given_makes_change_also_when_only_part_is_paid(
    desk: Desk, visit: Appointment
) -> None:
    async with at_desk(desk) as clerk:
        await pay(clerk, "20ca")
        await clerk.press("tab")
        await clerk.type("50")
        assert "C H A N G E   3 0 . 0 0" in clerk.text()
        await clerk.type("\n\n")
        assert tenders(Payment.get()) == [("cash", 2000, None, "", "")]
        assert Payment.get().total_cents == 2000


async def test_more_than_is_due_is_never_kept_silently(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await pay(clerk, "70cc\n4417\n08812q\n\n")
        assert clerk.place == "PaymentScreen"
        assert "5.00 over what is due" in clerk.row(22)
        assert Payment.select().count() == 0
        await clerk.type("prepay\n\n")
        assert Payment.get().total_cents == 7000
        held = Allocation.get(Allocation.purpose == "prepayment")
        assert held.amount_cents == 500


async def test_nothing_taken_needs_a_reason(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await pay(clerk, "0\n")
        assert "Why is nothing taken" in clerk.row(22)
        await clerk.type(" bill\n")
        assert clerk.place == "DayScreen"
        noted = NotCollected.get()
        assert (noted.reason, noted.amount_cents) == ("bill", 6500)
        assert Payment.select().count() == 0


async def test_the_same_again_is_warned_of_and_enter_again_posts(
    desk: Desk, visit: Appointment
) -> None:
    async with at_desk(desk) as clerk:
        await pay(clerk, "10ca\n\n")
        assert Payment.select().count() == 1
        await pay(clerk, "10ca\n\n")
        assert clerk.place == "PaymentScreen"
        assert f"The same was posted minutes ago: {Payment.get().receipt}" in clerk.row(22)
        assert Payment.select().count() == 1
        await clerk.press("enter")
        assert Payment.select().count() == 2


async def test_much_change_is_asked_about_once(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await pay(clerk, "2500ca\n\n")
        assert "Change of 2,435.00" in clerk.row(22)
        assert Payment.select().count() == 0
        await clerk.press("enter")
        assert Payment.get().total_cents == 6500


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("4111111111111111", "card number"),
        ("25cc 4111 1111 1111 1111", "card number"),
        ("[red]25[/]", "not a payment"),
        ("-5ca", "not a payment"),
        ("25", "left 40.00"),
        ("100ca", "change 35.00"),
        ("70cc", "5.00 over"),
        ("0 because", "Why is nothing taken"),
        ("1cc 1cc 1cc", "At most 2 cards"),
    ],
)
async def test_what_the_pay_box_says_to_odd_input(
    desk: Desk, visit: Appointment, typed: str, said: str
) -> None:
    async with at_desk(desk) as clerk:
        await pay(clerk, typed)
        if said[0].isalpha() and not said.startswith(("left", "change")):
            await clerk.press("enter")
        assert said in clerk.text()
        assert Payment.select().count() == 0


async def test_undo_voids_with_a_reason(desk: Desk, visit: Appointment) -> None:
    before = payments.balance_cents(desk, visit.patient_id)
    async with at_desk(desk) as clerk:
        await pay(clerk, "25ca\n\n")
        receipt = Payment.get().receipt
        await clerk.press("ctrl+z")
        assert clerk.place == "VoidScreen"
        assert receipt in clerk.text()
        await clerk.press("escape", "ctrl+z")
        assert Payment.select().count() == 1
        await clerk.type("wrong_a\n")
        assert clerk.place == "DayScreen"
        assert clerk.row(23).startswith(f"Voided {receipt}, wrong_amount")
        assert payments.balance_cents(desk, visit.patient_id) == before
        await clerk.press("ctrl+z")
        assert "Nothing to take back" in clerk.row(23)


async def test_a_receipt_is_shown_written_and_closed(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await pay(clerk, "25ca\nn\n")
        receipt = Payment.get().receipt
        await clerk.app.go("receipt", receipt=receipt)
        await clerk.settle()
        assert not clerk.has([receipt, "copay 03/18/2026", "TRAN O"])
        await clerk.type("w")
        assert clerk.row(23) == f"Written: {receipt}.txt and {receipt}-copy-094200.pdf"
        folder = desk.settings.database_path.with_name("receipts")
        assert (folder / f"{receipt}-copy-094200.pdf").read_bytes().startswith(b"%PDF")
        await clerk.type("y")
        assert "No receipt printer is set up" in clerk.row(23)
        await clerk.press("enter")
        assert clerk.place == "DayScreen"


async def test_an_unknown_receipt_is_said(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await clerk.app.go("receipt", receipt="R-990101-001")
        await clerk.settle()
        assert "No such receipt" in clerk.row(23)
        await clerk.press("enter")
        assert clerk.place == "DayScreen"


async def test_people_of_one_name_are_told_apart_before_money_is_taken(
    desk: Desk, made: Clinic, visit: Appointment
) -> None:
    made.patient("TRAN", "OLIVIA", born=date(1990, 1, 2))
    async with at_desk(desk) as clerk:
        await pay(clerk, "0102\n")
        assert "on file 06/22/1988" in clerk.row(22)
        assert "ALIKE" in clerk.row(2)
        await clerk.press("tab")
        await clerk.type("25ca\n\n\n\n")
        assert Payment.select().count() == 0
        assert clerk.place == "PaymentScreen"


async def test_a_payment_that_was_cut_off_comes_back_and_is_posted_once(
    desk: Desk, visit: Appointment
) -> None:
    async with at_desk(desk) as clerk:
        await pay(clerk, "40ca 25cc\n44")
        clerk.app.keep_drafts()
    async with at_desk(desk) as clerk:
        assert clerk.place == "PaymentScreen"
        assert "You were at last4" in clerk.row(3)
        assert "PAYMENT TRAN O is where you left it" in clerk.row(23)
        key = clerk.screen.key
        await clerk.type("17\n08812q\n\n")
        assert Payment.get().total_cents == 6500
        assert not drafts.open_drafts(desk)
        again = payments.take(desk, visit.patient_id, tenders=[], key=key)
        assert again.receipt == Payment.get().receipt


async def test_a_line_from_the_command_line_stands_in_the_pay_box(
    desk: Desk, visit: Appointment
) -> None:
    async with at_desk(desk) as clerk:
        await clerk.press("f10")
        await clerk.type("p tran 40ca 25cc\n")
        assert clerk.place == "PaymentScreen"
        assert "R-260318-001" in clerk.text()
        assert clerk.row(22).startswith("Needed here: last4")
        await clerk.type("4417\n08812q\n\n")
        assert Payment.get().total_cents == 6500


async def test_another_desk_s_payment_changes_what_is_due(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await pay(clerk, "")
        assert "65.00" in clerk.line_with("total")
        payments.take(
            other_desk(desk), visit.patient_id, tenders=[TenderEntry("cash", 2500)], key="other"
        )
        await clerk.news()
        assert "40.00" in clerk.line_with("total")
        assert "65.00" not in clerk.line_with("total")


async def test_each_figure_says_how_it_came_about(desk: Desk, visit: Appointment) -> None:
    """A copay names its plan; an insured charge is the fee without the plan's part and what is
    paid."""
    charges.set_fee(desk, "99213", 18000, label="office visit", starts_on=date(2020, 1, 1))
    async with at_desk(desk) as clerk:
        await pay(clerk, "")
        assert "  1: Aetna PPO: the plan's usual copay" in clerk.text(), clerk.text()
        assert "  2: fee 40.00" in clerk.text()
    payments.take(desk, visit.patient_id, tenders=[TenderEntry("cash", 1000)], key="a")
    charges.post(desk, visit.id, [charges.ChargeLine("99213")])
    whys = [due.why for due in payments.due(desk, visit.patient_id)]
    assert whys == ["fee 25.00 - paid 10.00", "fee 40.00"]


async def test_a_returned_check_is_remembered_when_the_next_one_is_offered(
    desk: Desk, visit: Appointment
) -> None:
    bad = payments.take(
        desk, visit.patient_id, tenders=[TenderEntry("check", 4000, reference="7")],
        purpose="balance", key="bad",
    )  # fmt: skip
    refunds.returned_check(desk, bad.receipt, number="7", fee_cents=0)
    async with at_desk(desk) as clerk:
        await pay(clerk, "25ck8\n\n")
        assert clerk.row(22).startswith("ERR A check of theirs came back on 03/18/2026")
        assert Payment.select().where(Payment.kind == "payment").count() == 1
        await clerk.press("enter")
        assert Payment.select().where(Payment.kind == "payment").count() == 2
