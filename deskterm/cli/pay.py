"""``deskterm pay``: take, receipt, void."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deskterm.cli import accounts
from deskterm.cli.session import Approver, approved, at_desk, command, show, the_day

if TYPE_CHECKING:
    from deskterm.office.charges import ChargeLine

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Payments and receipts.")
app.add_typer(accounts.app)
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="R-260318-031")]


@app.command()
@command
def take(
    context: typer.Context,
    patient_id: Annotated[int, typer.Argument(metavar="PATIENT_ID")],
    tender: Annotated[
        list[str], typer.Option(help="cash:25.00, card:15.00:visa:1234:A1B2C3, check:35.00:1042")
    ],
    purpose: Annotated[str | None, typer.Option("--for", help="copay, balance, ...")] = None,
    appointment: Annotated[int | None, typer.Option(metavar="ID", help="the visit")] = None,
    prepay: Annotated[bool, typer.Option(help="keep what is over as a prepayment")] = False,
    ahead: Annotated[bool, typer.Option(help="instalments before their days too")] = False,
    family: Annotated[
        list[int] | None, typer.Option(metavar="ID", help="of the family, whose dues it pays too")
    ] = None,
    opening: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="cash in a drawer that this opens")
    ] = None,
    note: str = "",
    key: Annotated[str | None, typer.Option(help="idempotency key: the same twice is once")] = None,
    as_json: Json = False,
) -> None:
    """Take a payment. Example: pay take 17 --tender cash:25.00 --for copay"""
    import secrets

    from deskterm.entry.money import parse_cents, parse_tender_option, show_cents
    from deskterm.office import payments

    counted = None
    if opening is not None:
        counted = parse_cents(opening) if opening.strip("0.") else 0
    with at_desk(context) as desk:
        payment = payments.take(
            desk,
            patient_id,
            tenders=[parse_tender_option(text) for text in tender],
            appointment_id=appointment,
            purpose=purpose,
            allow_prepayment=prepay,
            note=note,
            ahead=ahead,
            family=family or (),
            opening_cents=counted,
            key=key or secrets.token_hex(12),
        )
        result = {"id": payment.id, "receipt": payment.receipt,
                  "total_cents": payment.total_cents}  # fmt: skip
    show(result, as_json,
         lambda: [f"{payment.receipt} {show_cents(payment.total_cents)}"])  # fmt: skip


@app.command()
@command
def receipt(
    context: typer.Context,
    number: Number,
    columns: Annotated[int, typer.Option(help="32, 40, 42 or 48")] = 40,
    pdf: Annotated[Path | None, typer.Option(metavar="DIR", help="write a PDF there")] = None,
    paper: Annotated[bool, typer.Option("--print", help="on the receipt printer too")] = False,
    as_json: Json = False,
) -> None:
    """Print a receipt again, marked DUPLICATE. Example: pay receipt R-260318-031"""
    from deskterm.errors import Unreachable
    from deskterm.office import money_exports, printing, receipts

    with at_desk(context) as desk:
        text = receipts.text(desk, number, duplicate=True, columns=columns)
        written = ""
        if pdf is not None:
            content = printing.receipt_pdf(desk, number)
            name = f"{number.strip().upper()}-copy.pdf"
            written = money_exports.write_into(
                desk, pdf, name, content, what=f"receipt {number}"
            ).name
        if paper and not printing.print_receipt(desk, number, duplicate=True):
            raise Unreachable("No receipt printer is set up", "Set receipt_printer in the settings")
    result = {"receipt": number, "text": text, "written": written}
    show(result, as_json, lambda: text.split("\n") + ([f"Written: {written}"] if written else []))


@app.command()
@command
def void(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="a code of the list void_reason")],
    approver: Approver = "",
    key: str | None = None,
    as_json: Json = False,
) -> None:
    """Void a payment of today. Example: pay void R-260318-031 --reason wrong_amount

    Another's payment needs --approver, whose PIN is typed, or read from standard input.
    """
    from deskterm.office import payments

    with at_desk(context) as desk:
        approval = approved(desk, "payment.void", approver)
        done = payments.void(desk, number, reason=reason, key=key, approval=approval)
        result = {"id": done.id, "receipt": done.receipt, "total_cents": done.total_cents}
    show(result, as_json, lambda: [f"voided {number} by {result['receipt']}"])


@app.command()
@command
def refund(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="a code of the list refund_reason")],
    amount: Annotated[str | None, typer.Option(help="25.00; else all that is left")] = None,
    tender: Annotated[
        list[str] | None, typer.Option(help="cash:25.00; else the way it came")
    ] = None,
    with_charge: Annotated[bool, typer.Option(help="take the charge back too")] = False,
    approver: Approver = "",
    note: Annotated[str, typer.Option(help="a word about it")] = "",
    key: Annotated[str | None, typer.Option(help="idempotency key")] = None,
    as_json: Json = False,
) -> None:
    """Give money back. Example: pay refund R-260318-031 --amount 10.00 --reason overpaid"""
    from deskterm.entry.money import parse_cents, parse_tender_option, show_cents
    from deskterm.office import refunds

    cents = parse_cents(amount) if amount is not None else None
    with at_desk(context) as desk:
        done = refunds.refund(
            desk,
            number,
            reason=reason,
            amount_cents=cents,
            tenders=[parse_tender_option(text) for text in tender] if tender else None,
            take_charge_back=with_charge,
            note=note,
            key=key,
            approval=approved(desk, "payment.refund", approver),
        )
        result = {"id": done.id, "receipt": done.receipt, "total_cents": done.total_cents}
    show(result, as_json,
         lambda: [f"refunded {show_cents(-done.total_cents)} by {done.receipt}"])  # fmt: skip


@app.command()
@command
def correct(
    context: typer.Context,
    number: Number,
    was: Annotated[str, typer.Option(help="as it was posted: cash, check:1042, card:4417")],
    now: Annotated[str, typer.Option(help="as it was paid: card:25.00:visa:4417:08812Q")],
    approver: Approver = "",
    key: Annotated[str | None, typer.Option(help="idempotency key")] = None,
    as_json: Json = False,
) -> None:
    """Say how it was really paid. Example: pay correct R-260318-031 --was cash
    --now card:25.00:visa:4417:08812Q"""
    from deskterm.entry.money import parse_tender_option
    from deskterm.errors import Conflict
    from deskterm.office import payments, refunds

    kind, _, mark = was.partition(":")
    with at_desk(context) as desk:
        original = payments.find(desk, number)
        ways = [
            way
            for way in refunds.tenders_left(desk, original.id)
            if way.kind == kind.strip() and mark.strip() in ("", way.last4, way.reference)
        ]
        if len(ways) != 1:
            there = refunds.tenders_left(desk, original.id)
            raise Conflict(
                "That is not one of its tenders" if not ways else "Which of its tenders?",
                "Paid by: " + ", ".join(way.label for way in there),
            )
        done = refunds.correct_tender(
            desk, number, was=ways[0], now=parse_tender_option(now), key=key,
            approval=approved(desk, "payment.correct", approver),
        )  # fmt: skip
        result = {"id": done.id, "receipt": done.receipt, "day": done.business_day}
    show(result, as_json, lambda: [f"corrected by {result['receipt']}"])


@app.command("returned-check")
@command
def returned_check(
    context: typer.Context,
    number: Number,
    check: Annotated[str, typer.Option(help="the check's number")],
    fee: Annotated[str | None, typer.Option(help="35.00; 0 for none; else the policy's")] = None,
    key: Annotated[str | None, typer.Option(help="idempotency key")] = None,
    as_json: Json = False,
) -> None:
    """The bank returned a check. Example: pay returned-check R-260318-031 --check 1042"""
    from deskterm.entry.money import parse_cents, show_cents
    from deskterm.office import refunds

    cents = parse_cents(fee) if fee is not None else None
    with at_desk(context) as desk:
        done = refunds.returned_check(desk, number, number=check, fee_cents=cents, key=key)
        result = {"id": done.id, "receipt": done.receipt, "total_cents": done.total_cents}
    show(result, as_json,
         lambda: [f"{show_cents(-done.total_cents)} is owed again: {done.receipt}"])  # fmt: skip


@app.command()
@command
def credit(
    context: typer.Context,
    patient_id: Annotated[int, typer.Argument(metavar="PATIENT_ID")],
    amount: Annotated[str | None, typer.Option(help="25.00; else all that fits")] = None,
    key: Annotated[str | None, typer.Option(help="idempotency key")] = None,
    as_json: Json = False,
) -> None:
    """Apply money held to what is owed. Example: pay credit 17"""
    from deskterm.entry.money import parse_cents
    from deskterm.office import refunds

    cents = parse_cents(amount) if amount is not None else None
    with at_desk(context) as desk:
        done = refunds.apply_credit(desk, patient_id, amount_cents=cents, key=key)
        result = {"id": done.id, "receipt": done.receipt}
    show(result, as_json, lambda: [f"applied by {result['receipt']}"])


@app.command()
@command
def balance(
    context: typer.Context,
    patient_id: Annotated[int, typer.Argument(metavar="PATIENT_ID")],
    as_json: Json = False,
) -> None:
    """What a patient owes, and what is held. Example: pay balance 17 --json"""
    from deskterm.entry.money import show_cents
    from deskterm.office import ledger, payments

    with at_desk(context) as desk:
        account = ledger.balance(desk, patient_id)
        dues = payments.due(desk, patient_id)
    value = {
        "patient_id": patient_id,
        **account.as_dict(),
        "dues": [
            {"charge_id": d.charge_id, "kind": d.kind, "label": d.label,
             "service_day": d.service_day, "due_cents": d.due_cents}
            for d in dues
        ],
    }  # fmt: skip
    show(
        value,
        as_json,
        lambda: [
            f"balance {show_cents(account.patient_cents)}",
            f"held {show_cents(account.credit_cents)}",
            f"with plans {show_cents(account.insurance_cents)}",
            *(f"  {d.service_day:%m/%d/%Y} {d.label:<40} {show_cents(d.due_cents):>10}"
              for d in dues),
        ],
    )  # fmt: skip


@app.command()
@command
def statement(
    context: typer.Context,
    patient_id: Annotated[int | None, typer.Argument(metavar="[PATIENT_ID]")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="everybody who owes")] = False,
    at_least: Annotated[str, typer.Option(help="leave out who owes less: 5.00")] = "0.01",
    pdf: Annotated[Path | None, typer.Option(metavar="DIR", help="write PDFs there")] = None,
    printed: Annotated[bool, typer.Option("--print", help="print on the clinic's printer")] = False,
    as_json: Json = False,
) -> None:
    """Statements of what is owed, with ageing. Example: pay statement --all --pdf out"""
    from deskterm.entry.money import parse_cents, show_cents
    from deskterm.errors import Invalid
    from deskterm.office import money_exports, printing, statements

    if (patient_id is None) == (not everybody):
        raise Invalid("One patient, or --all", "pay statement 17; pay statement --all")
    least = parse_cents(at_least)
    with at_desk(context) as desk:
        made = (
            list(statements.owing(desk, at_least_cents=least))
            if patient_id is None
            else [statements.statement(desk, patient_id)]
        )
        for one in made:
            if not one.due_cents:
                continue
            if pdf is not None:
                name = f"statement-{one.mrn}-{desk.today():%y%m%d}.pdf"
                content = statements.pdf(desk, one)
                money_exports.write_into(
                    desk, pdf, name, content, what="statement", patient_id=one.patient_id
                )
            if printed:
                content = statements.pdf(desk, one)
                printing.send(content, desk.settings.printer, f"statement {one.mrn}")
    value = [
        {"patient_id": one.patient_id, "mrn": one.mrn, "owed_cents": one.owed_cents,
         "held_cents": one.held_cents, "due_cents": one.due_cents,
         "ageing": [{"age": word, "cents": cents} for word, cents in one.ageing]}
        for one in made
    ]  # fmt: skip
    show(
        value,
        as_json,
        lambda: (
            [f"#{one.mrn} {show_cents(one.due_cents):>12}" for one in made]
            or ["nobody owes anything"]
        ),
    )


@app.command("good-faith")
@command
def good_faith(
    context: typer.Context,
    appointment_id: Annotated[int, typer.Argument(metavar="VISIT_ID")],
    code: Annotated[list[str], typer.Option(help="99213, 99213x2 or 99213=125.00")],
    pdf: Annotated[Path | None, typer.Option(metavar="DIR", help="write the PDF there")] = None,
    as_json: Json = False,
) -> None:
    """A good faith estimate for self-pay. Example: pay good-faith 12 --code 99213 --pdf out"""
    from deskterm.entry.money import show_cents
    from deskterm.office import good_faith as estimates
    from deskterm.office import money_exports

    lines = [_charge_line(text) for text in code]
    with at_desk(context) as desk:
        made = estimates.make(desk, appointment_id, lines)
        written = ""
        if pdf is not None:
            name = f"estimate-visit-{appointment_id}-{desk.today():%y%m%d}.pdf"
            written = money_exports.write_into(
                desk,
                pdf,
                name,
                estimates.pdf(desk, made),
                what=f"good faith estimate of visit {appointment_id}",
            ).name
    value = {"appointment_id": appointment_id, "total_cents": made.total_cents,
             "due_on": made.due_on, "written": written}  # fmt: skip
    show(value, as_json, lambda: [f"expected {show_cents(made.total_cents)}"]
         + ([f"to be given by {made.due_on}"] if made.due_on else [])
         + ([f"wrote {written}"] if written else []))  # fmt: skip


@app.command()
@command
def charge(
    context: typer.Context,
    appointment_id: Annotated[int, typer.Argument(metavar="VISIT_ID")],
    code: Annotated[list[str], typer.Option(help="99213, 99213x2 or 99213=125.00")],
    diagnosis: Annotated[list[str] | None, typer.Option(help="M54.50, in order")] = None,
    self_pay: Annotated[bool, typer.Option("--self-pay", help="no plan pays")] = False,
    key: Annotated[str | None, typer.Option(help="idempotency key")] = None,
    as_json: Json = False,
) -> None:
    """Charge a visit by its codes. Example: pay charge 12 --code 99213 --diagnosis M54.50"""
    from dataclasses import replace

    from deskterm.entry.money import show_cents
    from deskterm.office import charges

    lines = [replace(_charge_line(text), diagnoses=tuple(diagnosis or ())) for text in code]
    with at_desk(context) as desk:
        made = charges.post(desk, appointment_id, lines, self_pay=self_pay, key=key)
        value = [
            {"id": c.id, "code": c.code, "units": c.units, "amount_cents": c.amount_cents,
             "insurance_cents": c.insurance_cents}
            for c in made
        ]  # fmt: skip
    said = [f"{c.code} x{c.units} {show_cents(c.amount_cents)}" for c in made]
    show(value, as_json, lambda: said)


@app.command()
@command
def fee(
    context: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help="CPT or HCPCS")],
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="125.00")],
    label: Annotated[str, typer.Option(help="what it is called")] = "",
    plan: Annotated[str | None, typer.Option(metavar="CODE", help="a plan's own amount")] = None,
    starts: Annotated[str | None, typer.Option("--from", metavar="DATE", help="else today")] = None,
    as_json: Json = False,
) -> None:
    """Set what a service costs. Example: pay fee 99213 125.00 --label "office visit" """
    from deskterm.entry.money import parse_cents
    from deskterm.errors import NotFound
    from deskterm.office import charges

    cents = parse_cents(amount)
    with at_desk(context) as desk:
        plan_id = None
        if plan is not None:
            found = desk.rows("SELECT id FROM plan WHERE code = ?", plan.strip().upper())
            if not found:
                raise NotFound(f"No plan {plan[:20]}", "Look at the list of plans")
            plan_id = found[0][0]
        made = charges.set_fee(
            desk, code, cents, label=label, plan_id=plan_id,
            starts_on=the_day(desk, starts, future=False) if starts else None,
        )  # fmt: skip
        value = {"id": made.id, "code": made.code, "amount_cents": made.amount_cents,
                 "from": made.starts_on}  # fmt: skip
    show(value, as_json, lambda: [f"{made.code} {amount} from {made.starts_on}"])


def _charge_line(text: str) -> ChargeLine:
    """``99213``, ``99213x2``, ``99213=125.00``. Raises Invalid."""
    from deskterm.entry.money import parse_cents
    from deskterm.errors import Invalid
    from deskterm.office.charges import ChargeLine

    code, _, amount = text.partition("=")
    name, times, units = code.upper().partition("X")
    if times and not units.isdecimal():
        raise Invalid("Write 99213x2 for two units", "", field="code")
    return ChargeLine(
        name, int(units) if times else 1, amount_cents=parse_cents(amount) if amount else None
    )
