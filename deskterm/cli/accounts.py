"""``deskterm pay``, the accounts: payment plans, families, plans' payments, fees, e-mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deskterm.cli.session import at_desk, command, show, the_day

if TYPE_CHECKING:
    from deskterm.office.instalments import Standing
    from deskterm.office.remittances import RemittanceLine

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
plans = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Payment plans.")
app.add_typer(plans, name="plan")
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
PatientId = Annotated[int, typer.Argument(metavar="PATIENT_ID")]
Key = Annotated[str | None, typer.Option(help="idempotency key: the same twice is once")]


@plans.command("set-up")
@command
def set_up(
    context: typer.Context,
    patient_id: PatientId,
    instalments: Annotated[int, typer.Option(help="how many")],
    first: Annotated[str, typer.Option(metavar="DATE", help="t, t+2w, 0415")] = "t",
    every: Annotated[str, typer.Option(help="week, two_weeks or month")] = "month",
    charge: Annotated[list[int] | None, typer.Option(metavar="ID", help="else all open")] = None,
    note: Annotated[str, typer.Option(help="a word about it")] = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Agree on instalments. Example: pay plan set-up 17 --instalments 4 --first t+1w"""
    from deskterm.office import instalments as agreed

    with at_desk(context) as desk:
        made = agreed.set_up(
            desk, patient_id, instalments=instalments, first_on=the_day(desk, first), every=every,
            charges=charge or (), note=note, key=key,
        )  # fmt: skip
        found = [p for p in agreed.standing(desk, patient_id) if p.id == made.id]
    show(_plan(found[0]), as_json, lambda: _plan_lines(found[0]))


@plans.command("show")
@command
def show_plans(context: typer.Context, patient_id: PatientId, as_json: Json = False) -> None:
    """The plans that run, instalment by instalment. Example: pay plan show 17 --json"""
    from deskterm.office import instalments as agreed

    with at_desk(context) as desk:
        found = agreed.standing(desk, patient_id)
    show(
        [_plan(plan) for plan in found], as_json,
        lambda: [line for plan in found for line in _plan_lines(plan)] or ["no payment plan"],
    )  # fmt: skip


@plans.command("end")
@command
def end(
    context: typer.Context,
    plan_id: Annotated[int, typer.Argument(metavar="PLAN_ID")],
    reason: Annotated[str, typer.Option(help="why")],
    key: Key = None,
    as_json: Json = False,
) -> None:
    """End a plan: what is open is due at once. Example: pay plan end 3 --reason "paid in full" """
    from deskterm.office import instalments as agreed

    with at_desk(context) as desk:
        done = agreed.end(desk, plan_id, reason=reason, key=key)
        value = {"id": done.id, "ended": True}
    show(value, as_json, lambda: [f"plan {plan_id} ended"])


@app.command()
@command
def guarantor(
    context: typer.Context,
    patient_id: PatientId,
    payer: Annotated[int | None, typer.Argument(metavar="[GUARANTOR_ID]")] = None,
    end_it: Annotated[bool, typer.Option("--end", help="nobody else pays any more")] = False,
    as_json: Json = False,
) -> None:
    """Say which patient pays for this one. Example: pay guarantor 18 17"""
    from deskterm.errors import Invalid
    from deskterm.office import families

    if (payer is None) == (not end_it):
        raise Invalid("Who pays, or --end", "pay guarantor 18 17; pay guarantor 18 --end")
    with at_desk(context) as desk:
        if payer is None:
            done = families.end_guarantor(desk, patient_id)
        else:
            done = families.set_guarantor(desk, patient_id, payer)
        value = {"patient_id": done.patient_id, "guarantor_id": done.guarantor_id,
                 "ended": done.ended_at is not None}  # fmt: skip
    show(value, as_json, lambda: [f"{value['guarantor_id']} pays for {value['patient_id']}"
                                  + (" no more" if value["ended"] else "")])  # fmt: skip


@app.command()
@command
def family(context: typer.Context, patient_id: PatientId, as_json: Json = False) -> None:
    """The rest of the family and what they owe. Example: pay family 17"""
    from deskterm.entry.money import show_cents
    from deskterm.office import families

    with at_desk(context) as desk:
        found = families.others(desk, patient_id)
    value = [
        {"patient_id": m.patient_id, "mrn": m.mrn, "guarantor": m.pays,
         "balance_cents": m.balance_cents, "credit_cents": m.credit_cents}
        for m in found
    ]  # fmt: skip
    show(value, as_json, lambda: [
        f"{m.patient_id:>6} #{m.mrn} {m.name:<30} {show_cents(m.balance_cents):>10}"
        + ("  pays" if m.pays else "") for m in found
    ] or ["nobody else"])  # fmt: skip


@app.command()
@command
def expected(context: typer.Context, patient_id: PatientId, as_json: Json = False) -> None:
    """Charges that a plan is expected to pay. Example: pay expected 17"""
    from deskterm.entry.money import show_cents
    from deskterm.office import remittances

    with at_desk(context) as desk:
        found = remittances.open_charges(desk, patient_id)
    value = [
        {"charge_id": c.id, "service_day": c.day, "amount_cents": c.amount_cents,
         "plan_cents": c.plan_cents, "patient_cents": c.patient_cents}
        for c in found
    ]  # fmt: skip
    show(value, as_json, lambda: [
        f"{c.id:>8} {c.day:%m/%d/%Y} {c.words:<40} {show_cents(c.plan_cents):>10}" for c in found
    ] or ["nothing is expected of a plan"])  # fmt: skip


@app.command()
@command
def insurance(
    context: typer.Context,
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="the plan's code")],
    number: Annotated[str, typer.Option(help="of the check or transfer")],
    line: Annotated[
        list[str],
        typer.Option(
            help="CHARGE:PAID:CONTRACTUAL:PATIENT:REASON, for example 12:120:40:20:deductible"
        ),
    ],
    method: Annotated[str, typer.Option(help="check or ach")] = "ach",
    location: Annotated[str | None, typer.Option(metavar="CODE")] = None,
    note: Annotated[str, typer.Option(help="a word about it")] = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Post what a plan paid. Example: pay insurance AETPPO --number E881 --line 12:120.00:40:20"""
    from deskterm.entry.money import show_cents
    from deskterm.office import remittances

    lines = [_remitted(text) for text in line]
    with at_desk(context) as desk:
        done = remittances.post(
            desk, plan, lines, number=number, method=method, location=location, note=note, key=key
        )
    value = {"receipt": done.receipt, "paid_cents": done.paid_cents,
             "contractual_cents": done.contractual_cents,
             "patient_cents": done.patient_cents}  # fmt: skip
    show(value, as_json, lambda: [
        f"{done.receipt or 'no money'} paid {show_cents(done.paid_cents)}, contract"
        f" {show_cents(done.contractual_cents)}, to patients {show_cents(done.patient_cents)}"
    ])  # fmt: skip


@app.command("add-fee")
@command
def add_fee(
    context: typer.Context,
    patient_id: PatientId,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="form_fee, records_fee, other ...")],
    amount: Annotated[str, typer.Option(help="25.00; else the policy's for a form")] = "",
    words: Annotated[str, typer.Option(help="what for")] = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Charge a fee. Example: pay add-fee 17 form_fee --words "school form" """
    from deskterm.entry.money import parse_cents, show_cents
    from deskterm.errors import Invalid
    from deskterm.office import payments

    if not amount and kind != "form_fee":
        raise Invalid("How much?", "--amount 25.00", field="amount")
    given = parse_cents(amount) if amount else None
    with at_desk(context) as desk:
        cents = desk.settings.policy.form_fee if given is None else given
        made = payments.charge(
            desk, patient_id, kind=kind, amount_cents=cents, description=words, key=key
        )
        value = {"id": made.id, "amount_cents": made.amount_cents}
    show(value, as_json, lambda: [f"charged {show_cents(cents)}: {value['id']}"])


@app.command()
@command
def email(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="R-260318-031")],
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Have a receipt e-mailed; run mail sends it. Example: pay email R-260318-031"""
    from deskterm.office import mail

    with at_desk(context) as desk:
        made = mail.queue_receipt(desk, number, key=key)
        value = {"id": made.id, "state": made.state}
    show(value, as_json, lambda: [f"{number} is {value['state']}"])


@app.command("email-consent")
@command
def email_consent(
    context: typer.Context,
    patient_id: PatientId,
    agreed: Annotated[bool, typer.Option("--yes/--no", help="whether they agree to e-mail")],
    as_json: Json = False,
) -> None:
    """Note whether the patient agrees to e-mail. Example: pay email-consent 17 --yes"""
    from deskterm.office import mail

    with at_desk(context) as desk:
        done = mail.consent(desk, patient_id, agreed=agreed)
        value = {"patient_id": done.id, "agreed_on": done.email_ok_on}
    show(value, as_json, lambda: ["agreed" if agreed else "no e-mail any more"])


@app.command("email-queue")
@command
def email_queue(context: typer.Context, as_json: Json = False) -> None:
    """E-mails that are not sent, and why. Example: pay email-queue"""
    from deskterm.office import mail

    with at_desk(context) as desk:
        found = mail.waiting(desk)
    value = [
        {"id": letter, "receipt": receipt, "state": state, "attempts": tries, "error": error}
        for letter, receipt, state, tries, error in found
    ]
    show(value, as_json, lambda: [
        f"{letter:>6} {receipt} {state} {tries}x {error}"
        for letter, receipt, state, tries, error in found
    ] or ["nothing waits"])  # fmt: skip


def _plan(plan: Standing) -> dict[str, object]:
    return {
        "id": plan.id, "amount_cents": plan.amount_cents, "settled_cents": plan.settled_cents,
        "due_cents": plan.due_cents, "missed_cents": plan.missed_cents, "every": plan.every,
        "instalments": [
            {"number": i.number, "day": i.day, "cents": i.cents, "left_cents": i.left_cents,
             "state": i.state}
            for i in plan.instalments
        ],
    }  # fmt: skip


def _plan_lines(plan: Standing) -> list[str]:
    from deskterm.entry.money import show_cents

    return [f"plan {plan.id}: {plan.words}"] + [
        f"  {i.number:>3} {i.day:%m/%d/%Y} {show_cents(i.cents):>10} {i.state}"
        for i in plan.instalments
    ]


def _remitted(text: str) -> RemittanceLine:
    """``12:120.00:40:20:deductible``; what is left out at the end is nothing. Raises Invalid."""
    from deskterm.entry.money import parse_cents
    from deskterm.errors import Invalid
    from deskterm.office.remittances import RemittanceLine

    charge, *amounts = [part.strip() for part in text.split(":")]
    reason = amounts.pop() if len(amounts) == 4 else "deductible"
    if not (charge.isascii() and charge.isdecimal()) or not 1 <= len(amounts) <= 3:
        raise Invalid("Write CHARGE:PAID:CONTRACTUAL:PATIENT", "12:120.00:40:20", field="line")
    cents = [parse_cents(amount) if amount.strip("0.") else 0 for amount in amounts]
    cents += [0] * (3 - len(cents))
    return RemittanceLine(int(charge), cents[0], cents[1], cents[2], reason)
