"""Stories: a code is looked up; a visit is charged by codes that are judged as they are typed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from deskterm.db.payments import Charge
from deskterm.office import charges, code_import
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic
from tests.screens.driver import at_desk

ORDER = Path(__file__).parents[1] / "samples" / "codes" / "icd10cm_order_2026.txt"


@pytest.fixture
def made(desk: Desk) -> Clinic:
    found = clinic(desk)
    found.appointment(found.patient("SMITH", "JOAN"))
    charges.set_fee(desk, "99213", 18000, label="office visit", starts_on=date(2020, 1, 1))
    code_import.import_file(desk, "icd10cm", ORDER)
    return found


async def test_a_code_is_looked_up(desk: Desk, made: Clinic) -> None:
    async with at_desk(desk) as clerk:
        await clerk.press("f10")
        await clerk.type("codes lwo back\n")
        assert clerk.place == "CodesScreen"
        assert "heading" in clerk.line_with("M54.5 ") and "spelt low back" in clerk.text()
        await clerk.type("\n")
        assert clerk.place == "CodeScreen" and "cannot be billed" in clerk.text()
        assert "below: M54.50" in clerk.text()
        await clerk.press("escape")
        assert clerk.place == "CodesScreen"


async def test_a_visit_is_charged_and_a_heading_is_not_a_diagnosis(
    desk: Desk, made: Clinic
) -> None:
    async with at_desk(desk) as clerk:
        await clerk.press("f10")
        await clerk.type("charge smith\n")
        assert clerk.place == "ChargeScreen"
        await clerk.type("m54.5\n")
        assert clerk.place == "CodesScreen" and "is a heading" in clerk.text()
        await clerk.press("down", "down", "enter")
        assert clerk.place == "ChargeScreen"
        assert "Low back pain, unspecified" in clerk.line_with("Diagnosis 1")
        await clerk.type("office\n")
        assert clerk.place == "CodesScreen" and "office visit" in clerk.line_with("99213")
        await clerk.type("\n")
        assert "180.00" in clerk.text()
        assert Charge.select().count() == 0
        await clerk.type("\n\n\n\n")
        [charge] = Charge.select()
        assert (charge.code, charge.diagnoses, charge.amount_cents) == ("99213", "M54.50", 18000)


async def test_esc_leaves_the_field_as_it_was_typed(desk: Desk, made: Clinic) -> None:
    async with at_desk(desk) as clerk:
        await clerk.press("f10")
        await clerk.type("charge smith\n")
        await clerk.type("xylophone\n")
        assert clerk.place == "CodesScreen"
        await clerk.press("escape")
        assert clerk.place == "ChargeScreen" and "No code chosen" in clerk.text()
        assert "xylophone" in clerk.line_with("Diagnosis 1")
        assert Charge.select().count() == 0
