"""``deskterm pay``: take, receipt, void."""

from __future__ import annotations

from typing import Annotated

import typer

from deskterm.cli.session import at_desk, command, show

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Payments and receipts.")
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
    note: str = "",
    key: Annotated[str | None, typer.Option(help="idempotency key: the same twice is once")] = None,
    as_json: Json = False,
) -> None:
    """Take a payment. Example: pay take 17 --tender cash:25.00 --for copay"""
    import secrets

    from deskterm.entry.money import parse_tender_option, show_cents
    from deskterm.office import payments

    with at_desk(context) as desk:
        payment = payments.take(
            desk,
            patient_id,
            tenders=[parse_tender_option(text) for text in tender],
            appointment_id=appointment,
            purpose=purpose,
            allow_prepayment=prepay,
            note=note,
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
    columns: Annotated[int, typer.Option(help="40 or 32")] = 40,
    as_json: Json = False,
) -> None:
    """Print a receipt again, marked DUPLICATE. Example: pay receipt R-260318-031"""
    from deskterm.errors import Invalid
    from deskterm.office import receipts

    if columns not in (32, 40):
        raise Invalid("Receipts are 32 or 40 columns wide", "--columns 40", field="columns")
    with at_desk(context) as desk:
        text = receipts.text(desk, number, duplicate=True, columns=columns)
    show({"receipt": number, "text": text}, as_json, lambda: [text])


@app.command()
@command
def void(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="a code of the list void_reason")],
    approver: Annotated[
        str, typer.Option(metavar="LOGIN", help="the second person; their PIN is asked for")
    ] = "",
    key: str | None = None,
    as_json: Json = False,
) -> None:
    """Void a payment of today. Example: pay void R-260318-031 --reason wrong_amount

    Another's payment needs --approver, whose PIN is typed, or read from standard input.
    """
    from deskterm.cli.secrets import read_secret
    from deskterm.office import approvals, payments

    with at_desk(context) as desk:
        approval = None
        if approver:
            pin = read_secret(f"PIN of {approver}")
            approval = approvals.approve(desk, "payment.void", login=approver, secret=pin)
        done = payments.void(desk, number, reason=reason, key=key, approval=approval)
        result = {"id": done.id, "receipt": done.receipt, "total_cents": done.total_cents}
    show(result, as_json, lambda: [f"voided {number} by {result['receipt']}"])
