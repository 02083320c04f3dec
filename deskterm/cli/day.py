"""``deskterm day``: the cash drawer and the end of the day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskterm.cli.session import Approver, approved, at_desk, command, show, the_day
from deskterm.errors import Invalid

if TYPE_CHECKING:
    from deskterm.office.day_status import DayStatus, ShiftStatus

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Drawers and the day's end.")
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Drawer = Annotated[str, typer.Option(help="the drawer's code, for example d1")]
Place = Annotated[str | None, typer.Option(help="a location's code; else the first")]
Key = Annotated[str | None, typer.Option(help="idempotency key: the same twice is once")]
Date = Annotated[str | None, typer.Argument(metavar="DATE", help="t, t-1, last fri, 2026-03-18")]


@app.command("open")
@command
def open_drawer(
    context: typer.Context,
    drawer: Drawer,
    float_: Annotated[str | None, typer.Option("--float", help="cash counted: 200.00")] = None,
    location: Place = None,
    note: Annotated[str, typer.Option(help="a word about it")] = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Open a drawer with its float. Example: day open --drawer d1 --float 200.00"""
    from deskterm.entry.money import parse_cents, show_cents
    from deskterm.office import shifts

    cents = parse_cents(float_) if float_ is not None else None
    with at_desk(context) as desk:
        shift = shifts.open_shift(
            desk, drawer, float_cents=cents, location=location, note=note, key=key
        )
        left = shift.expected_float_cents
        result = {"id": shift.id, "drawer": drawer, "day": shift.business_day,
                  "float_cents": shift.float_cents, "expected_float_cents": left}  # fmt: skip
    said = [f"drawer {drawer} open with {show_cents(result['float_cents'])}"]
    if left is not None and left != result["float_cents"]:
        said.append(f"the last count left {show_cents(left)} in it")
    show(result, as_json, lambda: said)


@app.command()
@command
def status(
    context: typer.Context, location: Place = None, date: Date = None, as_json: Json = False
) -> None:
    """How the day stands: drawers, differences, what is open. Example: day status --json"""
    from deskterm.office import day_status

    with at_desk(context) as desk:
        day = the_day(desk, date, future=False) if date else None
        found = day_status.status(desk, location=location, day=day)
    show(found.as_dict(), as_json, lambda: _status_lines(found))


@app.command()
@command
def count(
    context: typer.Context,
    drawer: Drawer,
    cash: Annotated[str, typer.Option(help="100=3,20=5,0.25=40, or the sum: 412.00")] = "",
    check: Annotated[list[str] | None, typer.Option(help="NUMBER:AMOUNT, once per check")] = None,
    money_order: Annotated[list[str] | None, typer.Option(help="NUMBER:AMOUNT")] = None,
    card: Annotated[list[str] | None, typer.Option(help="visa=140.00, from the batch slip")] = None,
    location: Place = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Write down what was counted. Example: day count --drawer d1 --cash 100=3,20=5 --check 7:35"""
    from deskterm.office import day_status, shifts

    found = shifts.Count(
        cash=_pieces(cash) if "=" in cash else {},
        cash_cents=_cents(cash, "cash") if cash and "=" not in cash else None,
        checks=[_numbered(text, "check") for text in check or ()],
        money_orders=[_numbered(text, "money_order") for text in money_order or ()],
        cards=dict(_named(text) for text in card or ()),
    )
    with at_desk(context) as desk:
        shift = shifts.find(desk, drawer, location=location)
        shifts.count(desk, shift.id, found, key=key)
        place = location or _code_of(desk, shift.location_id)
        stands = day_status.status(desk, location=place, day=shift.business_day)
    mine = next(s for s in stands.shifts if s.id == shift.id)
    value = next(s for s in stands.as_dict()["shifts"] if s["id"] == shift.id)
    show(value, as_json, lambda: _shift_lines(mine))


@app.command()
@command
def close(
    context: typer.Context,
    drawer: Annotated[str | None, typer.Option(help="close this drawer only")] = None,
    reason: Annotated[str, typer.Option(help="why it differs, or closes with open items")] = "",
    location: Place = None,
    date: Date = None,
    as_json: Json = False,
) -> None:
    """Close counted drawers and the day. Example: day close --reason "short 2.00, recounted" """
    from deskterm.office import day_status, dayclose, shifts

    with at_desk(context) as desk:
        if drawer is not None:
            shift = shifts.find(desk, drawer, location=location)
            shifts.close_shift(desk, shift.id, reason=reason)
            result: dict[str, Any] = {"drawer": drawer, "day": shift.business_day, "closed": True}
        else:
            day = the_day(desk, date, future=False) if date else None
            stands = day_status.status(desk, location=location, day=day)
            for open_shift in stands.shifts:
                if not open_shift.closed:
                    shifts.close_shift(desk, open_shift.id, reason=reason)
            done = dayclose.close(desk, location=stands.location, day=day, reason=reason)
            result = {"day": done.business_day, "location": stands.location, "closed": True}
    what = f"drawer {drawer}" if drawer else "day"
    show(result, as_json, lambda: [f"{what} closed: {result['day']}"])


@app.command()
@command
def freeze(context: typer.Context, location: Place = None, as_json: Json = False) -> None:
    """Begin the count: money from now on belongs to the next day. Example: day freeze"""
    from deskterm.office import dayclose

    with at_desk(context) as desk:
        day = dayclose.freeze(desk, location=location).business_day
    show({"day": day}, as_json, lambda: [f"counting {day}; new receipts belong to the next day"])


@app.command()
@command
def thaw(context: typer.Context, location: Place = None, as_json: Json = False) -> None:
    """Put the count off and go on with the day. Example: day thaw"""
    from deskterm.office import dayclose

    with at_desk(context) as desk:
        day = dayclose.thaw(desk, location=location).business_day
    show({"day": day}, as_json, lambda: [f"{day} goes on"])


@app.command()
@command
def approve(
    context: typer.Context, location: Place = None, date: Date = None, as_json: Json = False
) -> None:
    """Sign a closed day as the second person. Example: day approve t-1"""
    from deskterm.office import dayclose

    with at_desk(context) as desk:
        day = the_day(desk, date, future=False) if date else None
        done = dayclose.approve(desk, location=location, day=day).business_day
    show({"day": done}, as_json, lambda: [f"{done} approved"])


@app.command()
@command
def reopen(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="why it is opened again")],
    approver: Approver = "",
    location: Place = None,
    date: Date = None,
    as_json: Json = False,
) -> None:
    """Open a closed day again. Example: day reopen t-1 --reason "deposit was wrong" """
    from deskterm.office import dayclose

    with at_desk(context) as desk:
        day = the_day(desk, date, future=False) if date else None
        done = dayclose.reopen(
            desk, reason=reason, location=location, day=day,
            approval=approved(desk, "day.reopen", approver),
        ).business_day  # fmt: skip
    show({"day": done}, as_json, lambda: [f"{done} is open again"])


@app.command("hand-over")
@command
def hand_over(
    context: typer.Context,
    drawer: Drawer,
    to: Annotated[str, typer.Option(metavar="LOGIN", help="who takes it")],
    cash: Annotated[str, typer.Option(help="100=3,20=5, or the sum: 412.00")],
    location: Place = None,
    as_json: Json = False,
) -> None:
    """Count a drawer and give it to another person. Example: day hand-over --drawer d1 --to dchen
    --cash 212.00"""
    from deskterm.office import shifts

    found = shifts.Count(
        cash=_pieces(cash) if "=" in cash else {},
        cash_cents=None if "=" in cash else _cents(cash, "cash"),
    )
    with at_desk(context) as desk:
        shift = shifts.find(desk, drawer, location=location)
        done = shifts.hand_over(desk, shift.id, to, found)
        result = {"drawer": drawer, "clerk": to, "cash_cents": done.cash_cents}
    show(result, as_json, lambda: [f"drawer {drawer} is {to}'s now"])


@app.command("cash")
@command
def move_cash(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="in|out|drop", help="paid in, paid out, safe")],
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="12.50")],
    drawer: Drawer,
    reason: Annotated[str, typer.Option(help="what it is for")],
    location: Place = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Cash without a receipt. Example: day cash out 12.50 --drawer d1 --reason stamps"""
    from deskterm.office import shifts

    kinds = {"in": "paid_in", "out": "paid_out", "drop": "drop"}
    if kind not in kinds:
        raise Invalid("in, out or drop", "day cash out 12.50 --drawer d1 --reason stamps")
    with at_desk(context) as desk:
        shift = shifts.find(desk, drawer, location=location)
        done = shifts.move_cash(
            desk, shift.id, kinds[kind], _cents(amount, "amount"), reason=reason, key=key
        )
        result = {"id": done.id, "kind": done.kind, "amount_cents": done.amount_cents}
    show(result, as_json, lambda: [f"noted: {kind} {amount}"])


@app.command()
@command
def deposit(
    context: typer.Context,
    total: Annotated[str | None, typer.Option(help="the total as you counted it")] = None,
    bag: Annotated[str, typer.Option(help="the bag's number")] = "",
    second: Annotated[str, typer.Option(help="the second person's initials")] = "",
    location: Place = None,
    date: Date = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Make up the deposit of the closed drawers. Example: day deposit --total 833.50 --bag 4471"""
    from deskterm.entry.money import show_cents
    from deskterm.office import deposits

    with at_desk(context) as desk:
        day = the_day(desk, date, future=False) if date else None
        done = deposits.deposit(
            desk, location=location, day=day, bag=bag, second=second, key=key,
            typed_total=_cents(total, "total") if total else None,
        )  # fmt: skip
        result = {
            "number": done.number, "day": done.business_day, "cash_cents": done.cash_cents,
            "check_cents": done.check_cents, "money_order_cents": done.money_order_cents,
            "total_cents": done.total_cents, "bag": done.bag,
        }  # fmt: skip
        slip = deposits.text(desk, done)
    show(result, as_json, lambda: [slip, f"total {show_cents(result['total_cents'])}"])


@app.command()
@command
def sheet(
    context: typer.Context,
    date: Date = None,
    to: Annotated[str | None, typer.Option(metavar="DATE", help="the last day; else one day")]
    = None,
    report: Annotated[
        str, typer.Option(help="sheet, tender, clerk, provider, ageing, copays, adjustments, "
                               "voids, deposits, month")
    ] = "sheet",
    location: Place = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="write CSV")] = None,
    xlsx: Annotated[Path | None, typer.Option(metavar="FILE", help="write all as Excel")] = None,
    hledger: Annotated[Path | None, typer.Option(metavar="FILE", help="write hledger")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Print or export a report. Example: day sheet t-1 --report tender"""
    from deskterm.office import money_exports, money_reports, tables

    with at_desk(context) as desk:
        first = the_day(desk, date, future=False) if date else desk.today()
        last = the_day(desk, to, future=False) if to else first
        if last < first:
            raise Invalid("The last day is before the first", "Turn them round", field="to")
        found = money_reports.report(desk, report, first, last, location=location)
        wrote = []
        for path, kind, content in (
            (csv, f"report {report}", lambda: money_exports.as_csv(found)),
            (xlsx, "all reports", lambda: money_exports.as_xlsx(desk, first, last, location)),
            (hledger, "the books", lambda: money_exports.as_hledger(desk, first, last)),
        ):
            if path is not None:
                what = f"{kind} {first} to {last}"
                wrote.append(money_exports.write(desk, path, content(), what=what).name)
    value = {**found.as_dict(), "written": wrote}
    show(value, as_json, lambda: [f"wrote {name}" for name in wrote] or
         [found.title, *tables.lines(found, 120), *tables.bars(found)])  # fmt: skip


def _status_lines(found: DayStatus) -> list[str]:
    out = [f"{found.location} {found.day:%a %m/%d/%Y}: {found.state}"]
    for shift in found.shifts:
        out += _shift_lines(shift)
    if not found.shifts:
        out.append("no drawer was opened")
    out += [f"to settle ({item.kind}): {item.words}" for item in found.open_items]
    return out


def _shift_lines(shift: ShiftStatus) -> list[str]:
    from deskterm.entry.money import show_cents

    state = "closed" if shift.closed else "counted" if shift.counted else "open"
    out = [f"drawer {shift.drawer} {shift.clerk} {state}: {shift.payments} payments,"
           f" {shift.voids} voids, {shift.refunds} refunds"]  # fmt: skip
    out += [
        f"  {line.tender:<16} system {show_cents(line.system):>10}  counted"
        f" {show_cents(line.counted):>10}  diff {show_cents(line.variance):>9}"
        for line in shift.variances
    ]
    return out + [f"  likely: {said.words}" for said in shift.suggestions[:3]]


def _pieces(text: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for part in text.split(","):
        value, mark, pieces = part.partition("=")
        if not mark or not re.fullmatch(r"\s*[0-9]{1,6}\s*", pieces):
            raise Invalid("Write the cash as 100=3,20=5,0.25=40", "", field="cash")
        cents = _cents(value, "cash")
        found[cents] = found.get(cents, 0) + int(pieces)
    return found


def _numbered(text: str, field: str) -> tuple[str, int]:
    number, mark, amount = text.rpartition(":")
    if not mark:
        raise Invalid("Write a check as NUMBER:AMOUNT", "For example 1042:35.00", field=field)
    return number.strip(), _cents(amount, field)


def _named(text: str) -> tuple[str, int]:
    brand, mark, amount = text.partition("=")
    if not mark:
        raise Invalid("Write a card batch as visa=140.00", "", field="card")
    return brand.strip().lower(), _cents(amount, "card", negative=True)


def _cents(text: str, field: str, *, negative: bool = False) -> int:
    from deskterm.entry.money import parse_cents

    try:
        return parse_cents(text, allow_negative=negative)
    except Invalid as error:
        raise Invalid(error.message, error.hint, field=field) from None


def _code_of(desk: Any, location_id: int) -> str:
    found: Sequence[Any] = desk.rows("SELECT code FROM location WHERE id = ?", location_id)
    return str(found[0][0])
