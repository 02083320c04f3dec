"""``deskterm coverage``: verify insurance, read answers, plans, who pays first, estimates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from deskterm.cli import plans
from deskterm.cli.session import Options, at_desk, command, show, the_day
from deskterm.entry.money import parse_cents
from deskterm.errors import Invalid, NotFound
from deskterm.office.desk import Desk
from deskterm.text import safe

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Who pays, and is it active.")
app.command()(plans.plans)
app.command(name="plan-add")(plans.plan_add)
app.command(name="plan-edit")(plans.plan_edit)
app.command(name="plan-card")(plans.plan_card)
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
PatientId = Annotated[int, typer.Argument(metavar="PATIENT_ID", help="the patient")]
CoverageId = Annotated[int, typer.Argument(metavar="COVERAGE_ID", help="the coverage")]
On = Annotated[str, typer.Option("--on", help="the date of service")]


@app.command(name="show")
@command
def show_patient(
    context: typer.Context, patient_id: PatientId, on: On = "t", as_json: Json = False
) -> None:
    """A patient's insurance on a day: order, answers, benefits. Example: coverage show 17 --json"""
    from deskterm.office import benefits, coverage, policies

    with at_desk(context) as desk:
        day = the_day(desk, on)
        rows = coverage.of_patient(desk, patient_id, day)
        places = {p.id: p for p in policies.who_pays_first(desk, patient_id, day)}
        desk.views.opened(patient_id, "coverage")
        found = []
        for row in rows:
            said = benefits.newest(desk, row.id)
            place = places.get(row.id)
            found.append(
                {
                    **vars(row),
                    "should_be": place.place if place else None,
                    "why": place.why if place else "",
                    "sure": place.sure if place else False,
                    "answer": _answer(said) if said else None,
                }
            )
    show(found, as_json, lambda: _shown(found))


def _answer(said: Any) -> dict[str, Any]:
    return {
        "id": said.id, "status": said.status, "day": said.day, "method": said.method,
        "payer": said.payer, "plan": said.plan, "trace": said.trace, "source": said.source,
        "reference": said.reference, "representative": said.representative,
        "service_day": said.service_day, "ends_on": said.ends_on, "differs": said.differs,
        "note": said.note,
        "benefits": [
            {"line": x.line, "words": x.words, "source": said.source_of(x)} for x in said.lines
        ],
        "rejections": [
            {"code": code, "level": level, "what": what, "do": do}
            for code, level, what, do in said.rejections
        ],
    }  # fmt: skip


def _shown(found: Sequence[dict[str, Any]]) -> list[str]:
    lines = []
    for row in found:
        lines.append(
            f"{row['priority']} {row['plan_name']}  id {row['member_id']}  {row['eligibility']}"
            f"  verified {row['verified_on'] or 'never'}"
        )
        if row["should_be"]:
            lines.append(f"  pays in place {row['should_be']}: {row['why']}")
        answer = row["answer"]
        if answer:
            lines += [f"  {b['words']}   ({b['source']})" for b in answer["benefits"]]
            lines += [f"  {r['code']} {r['what']}: {r['do']}" for r in answer["rejections"]]
    return lines or ["no insurance on that day"]


@app.command()
@command
def board(
    context: typer.Context,
    first: Annotated[str, typer.Option("--from", help="the first day")] = "t+1",
    last: Annotated[str, typer.Option("--to", help="the last day")] = "",
    mine: Annotated[bool, typer.Option(help="only what is assigned to me")] = False,
    as_json: Json = False,
) -> None:
    """Who comes, is it verified, the worst first. Example: coverage board --from t+1 --to t+3"""
    from deskterm.office import verify_board

    with at_desk(context) as desk:
        begins = the_day(desk, first)
        ends = the_day(desk, last) if last else begins
        who = desk.actor.login if mine else ""
        rows = verify_board.board(desk, begins, ends, assigned=who)
        desk.views.listed("insurance board", (row.patient_id for row in rows))
    show(
        [row.as_dict() for row in rows], as_json,
        lambda: [
            f"{row.state:<6} {row.start:%m/%d %H:%M} {row.provider:<8} {row.patient:<28.28} "
            f"{row.plan:<20.20} {row.why}"
            for row in rows
        ] or ["nobody is booked"],
    )  # fmt: skip


@app.command()
@command
def verify(
    context: typer.Context,
    first: Annotated[str, typer.Option("--from", help="the first day")] = "t+1",
    last: Annotated[str, typer.Option("--to", help="the last day")] = "",
    everyone: Annotated[bool, typer.Option("--all", help="also what is verified")] = False,
    send: Annotated[bool, typer.Option(help="send now and wait for the answers")] = True,
    as_json: Json = False,
) -> None:
    """Ask the payers of everyone due. Example: coverage verify --from t+1 --to t+3

    Running it again asks nobody twice: an open question is the same question.
    """
    from deskterm.cli.run import send_all
    from deskterm.office import asking
    from deskterm.office.sending import Tally

    with at_desk(context) as desk:
        begins = the_day(desk, first)
        done = asking.verify(desk, begins, the_day(desk, last) if last else begins,
                             everyone=everyone)  # fmt: skip
    tally = send_all(context, ["270"]) if send and done.asked else Tally()
    said = {
        "asked": done.asked, "settled": done.settled, "answered": tally.answered,
        "waiting": tally.sent + tally.again, "failed": tally.failed,
        "refused": [{"appointment_id": n, "why": why} for n, why in done.refused],
    }  # fmt: skip
    show(
        said, as_json,
        lambda: [f"asked {done.asked}, answered {tally.answered}, to be tried again "
                 f"{tally.again}, given up {tally.failed}; {done.settled} need nothing",
                 *(f"  visit {n}: {why}" for n, why in done.refused)],
    )  # fmt: skip


@app.command()
@command
def assign(
    context: typer.Context,
    appointment_id: Annotated[int, typer.Argument(metavar="APPOINTMENT_ID", help="the visit")],
    login: Annotated[str, typer.Argument(help="who verifies it; - for nobody")],
    as_json: Json = False,
) -> None:
    """Give a visit's verification to somebody. Example: coverage assign 88 mlopez"""
    from deskterm.office import verify_board

    who = "" if login == "-" else login
    with at_desk(context) as desk:
        verify_board.assign(desk, appointment_id, who)
    said = {"appointment_id": appointment_id, "assigned": who}
    show(said, as_json, lambda: [f"visit {appointment_id}: {who or 'nobody'}"])


@app.command()
@command
def note(
    context: typer.Context,
    coverage_id: CoverageId,
    status: Annotated[str, typer.Option(help="active, inactive, issue or unable")],
    by: Annotated[str, typer.Option(help="portal or phone")] = "phone",
    representative: Annotated[str, typer.Option(help="who said it")] = "",
    reference: Annotated[str, typer.Option(help="the call's number")] = "",
    copay: Annotated[str, typer.Option(help="for the visit")] = "",
    deductible_left: Annotated[str, typer.Option(help="what is left of it")] = "",
    out_of_pocket_left: Annotated[str, typer.Option(help="what is left of it")] = "",
    coinsurance: Annotated[str, typer.Option(help="the patient's percent")] = "",
    starts: Annotated[str, typer.Option(help="in force from")] = "",
    ends: Annotated[str, typer.Option(help="in force until")] = "",
    text: Annotated[str, typer.Option("--note", help="what else they said")] = "",
    on: On = "t",
    as_json: Json = False,
) -> None:
    """Keep what a portal or representative said. Example: coverage note 3 --status active
    --representative Dana --reference 8812 --copay 25 --deductible-left 310
    """
    from deskterm.office import answers_by_hand

    with at_desk(context) as desk:
        said = answers_by_hand.ByHand(
            status, _date(desk, starts), _date(desk, ends), _cents(copay), _cents(deductible_left),
            _cents(out_of_pocket_left), _percent(coinsurance), representative=representative,
            reference=reference, note=text,
        )  # fmt: skip
        kept = answers_by_hand.by_hand(desk, coverage_id, said, on=the_day(desk, on), method=by)
    show(vars(kept), as_json, lambda: [f"noted: {kept.status}  {kept.differs}".rstrip()])


def _date(desk: Desk, text: str) -> date | None:
    return the_day(desk, text, future=False) if text else None


def _cents(text: str) -> int | None:
    return parse_cents(text) if text else None


def _percent(text: str) -> int | None:
    """``20`` or ``20%`` in hundredths of a percent. Raises Invalid."""
    if not text:
        return None
    from decimal import Decimal, InvalidOperation

    try:
        share = Decimal(text.rstrip("% "))
    except InvalidOperation:
        share = Decimal(-1)
    if not (share.is_finite() and 0 <= share <= 100):
        raise Invalid("A percentage is 0 to 100", "For example 20", field="coinsurance")
    return int(share * 100)


@app.command(name="could-not")
@command
def could_not(
    context: typer.Context,
    coverage_id: CoverageId,
    reason: Annotated[str, typer.Option(help="why")],
    on: On = "t",
    as_json: Json = False,
) -> None:
    """Note that it could not be verified. Example: coverage could-not 3 --reason "portal down" """
    from deskterm.office import answers_by_hand

    with at_desk(context) as desk:
        kept = answers_by_hand.could_not_verify(desk, coverage_id, reason, on=the_day(desk, on))
    show(vars(kept), as_json, lambda: ["noted; the insurance stays as it is"])


@app.command(name="estimate")
@command
def estimate_visit(
    context: typer.Context,
    appointment_id: Annotated[int, typer.Argument(metavar="APPOINTMENT_ID", help="the visit")],
    codes: Annotated[list[str] | None, typer.Option("--code", help="a planned service")] = None,
    out_of_network: Annotated[bool, typer.Option(help="by out-of-network benefits")] = False,
    as_json: Json = False,
) -> None:
    """The patient's part of a visit, step by step. Example: coverage estimate 88 --code 99213"""
    from deskterm.office import visit_estimate
    from deskterm.office.charges import ChargeLine

    lines = [ChargeLine(code) for code in codes or ()]
    with at_desk(context) as desk:
        made = visit_estimate.for_visit(
            desk, appointment_id, lines, network="out" if out_of_network else "in"
        )
    figures = made.estimate
    said = {
        "appointment_id": appointment_id, "plan": made.plan,
        "patient_cents": figures.patient_cents, "at_most_cents": figures.at_most_cents,
        "confidence": figures.confidence, "missing": list(figures.missing),
        "steps": [vars(step) for step in figures.steps], "secondary": made.secondary,
        "do": made.do, "stale": made.stale,
    }  # fmt: skip
    show(said, as_json, lambda: made.lines)


@app.command()
@command
def order(
    context: typer.Context,
    patient_id: PatientId,
    apply: Annotated[bool, typer.Option(help="bill them in this order")] = False,
    version: Annotated[int | None, typer.Option(help="the patient's version, with --apply")] = None,
    as_json: Json = False,
) -> None:
    """Who pays first, and why. Example: coverage order 17 --apply --version 3"""
    from deskterm.office import policies

    with at_desk(context) as desk:
        if apply:
            if version is None:
                raise Invalid("Which version?", "patients show has it", field="version")
            places = policies.put_in_order(desk, patient_id, version=version)
        else:
            places = policies.who_pays_first(desk, patient_id)
    show(
        [vars(place) for place in places], as_json,
        lambda: [f"{p.place} {p.plan}: {p.why}{'' if p.sure else ' (not sure)'}" for p in places]
        or ["no insurance today"],
    )  # fmt: skip


@app.command()
@command
def medicare(
    context: typer.Context,
    patient_id: PatientId,
    works: Annotated[bool, typer.Option(help="works, or the spouse, with a group plan")] = False,
    employees: Annotated[int, typer.Option(help="of that employer")] = 0,
    disabled: Annotated[bool, typer.Option(help="Medicare for disability")] = False,
    kidney_since: Annotated[str, typer.Option(help="Medicare for kidney disease since")] = "",
    accident: Annotated[str, typer.Option(help="work, auto or liability")] = "",
    black_lung: Annotated[bool, typer.Option(help="black lung program")] = False,
    veterans: Annotated[bool, typer.Option(help="authorized by Veterans Affairs")] = False,
    as_json: Json = False,
) -> None:
    """The Medicare questionnaire. Example: coverage medicare 17 --works --employees 40"""
    from deskterm.office import policies

    with at_desk(context) as desk:
        second = policies.ask_medicare(
            desk, patient_id, works=works, employees=employees, disabled=disabled,
            kidney_since=_date(desk, kidney_since), accident=accident, black_lung=black_lung,
            veterans=veterans,
        )  # fmt: skip
    place = "second" if second.second else "first"
    show(vars(second), as_json, lambda: [f"Medicare pays {place}: {second.why}"])


@app.command()
@command
def case(
    context: typer.Context,
    coverage_id: CoverageId,
    kind: Annotated[str, typer.Option(help="work, auto or liability")],
    injured: Annotated[str, typer.Option(help="the date of the injury")],
    claim: Annotated[str, typer.Option(help="the claim's number")] = "",
    state: Annotated[str, typer.Option(help="where it happened")] = "",
    employer: Annotated[str, typer.Option(help="for an injury at work")] = "",
    adjuster: Annotated[str, typer.Option(help="who handles it")] = "",
    phone: Annotated[str, typer.Option(help="the adjuster's")] = "",
    as_json: Json = False,
) -> None:
    """The accident that a policy is for. Example: coverage case 9 --kind work --injured 0302"""
    from deskterm.office import policies

    with at_desk(context) as desk:
        policy = policies.note_case(
            desk, coverage_id, kind=kind, injured_on=the_day(desk, injured, future=False),
            claim_number=claim, state=state.upper(), employer=employer, adjuster=adjuster,
            adjuster_phone=phone,
        )  # fmt: skip
        said = {"id": policy.id, "coverage_id": coverage_id}
    show(said, as_json, lambda: [f"noted for coverage {coverage_id}"])


@app.command(name="write-270")
@command
def write_270(
    context: typer.Context,
    patient_id: PatientId,
    on: On = "t",
    services: Annotated[list[str] | None, typer.Option("--service", help="30, 98, UC")] = None,
    priority: Annotated[int, typer.Option(help="which coverage: 1 is the first")] = 1,
    sender: Annotated[str, typer.Option(help="ISA06 of the agreement")] = "",
    receiver: Annotated[str, typer.Option(help="ISA08 of the agreement")] = "",
    control: Annotated[int, typer.Option(help="the interchange's number")] = 1,
    test: Annotated[bool, typer.Option(help="mark it as a test")] = False,
    as_json: Json = False,
) -> None:
    """An inquiry as a file. Example: coverage write-270 17 --on t+1 > ask.270

    It sends nothing; coverage verify asks through the payer's connection.
    """
    from deskterm.exchange.x12 import eligibility_request
    from deskterm.exchange.x12.writer import Envelope
    from deskterm.office import coverage, eligibility

    with at_desk(context) as desk:
        day = the_day(desk, on)
        found = coverage.of_patient(desk, patient_id, day)
        chosen = next((c for c in found if c.priority == priority), None)
        if chosen is None:
            raise NotFound("No such insurance on that day", "coverage show lists it")
        question = eligibility.question(desk, chosen.id, day, services=tuple(services or ()))
        envelope = Envelope(
            sender or desk.settings.tax_id.replace("-", ""), receiver or question.payer_id, control,
            desk.wall(), test=test,
        )  # fmt: skip
        text = eligibility_request.write(envelope, [question])
        desk.views.note("data.export", patient_id=patient_id, on="270")
    said = {"trace": question.trace, "x12": text}
    show(said, as_json, lambda: text.splitlines())


@app.command(name="import-271")
@command
def import_271(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="answers as X12")],
    look: Annotated[bool, typer.Option(help="only look, keep nothing")] = False,
    coverage_id: Annotated[
        int | None, typer.Option("--coverage", help="keep it for this coverage")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read eligibility answers; keep what is about somebody here. Example: coverage import-271
    answer.271 --json

    Without a clinic's database it only shows the file. Exit code 4 when a file was refused.
    """
    options: Options = context.obj or Options()
    settings = options.settings()
    there = "://" in settings.database or settings.database_path.exists()
    if look or not there:
        found = [_read(path, None, coverage_id) for path in files]
    else:
        with at_desk(context) as desk:
            desk.require("edit_patients")
            found = [_read(path, desk, coverage_id) for path in files]
    show(found, as_json, lambda: [line for one in found for line in _file_lines(one)])
    if any(one["refused"] for one in found):
        raise typer.Exit(Invalid.exit_code)


def _read(path: Path, desk: Desk | None, coverage_id: int | None) -> dict[str, Any]:
    """One file as ``import-271`` prints it."""
    from deskterm.cli.answers import as_dict, refused
    from deskterm.exchange.x12.eligibility_answer import read_answers
    from deskterm.exchange.x12.segments import Refused, read_file

    try:
        text = read_file(path)
        answers = read_answers(text)
    except Refused as error:
        return refused(path.name, error)
    shown = as_dict(path.name, answers)
    if desk is not None and answers.answers:
        from deskterm.office import eligibility

        try:
            kept = eligibility.stored_answers(
                desk, text, source=path.name, method="file", coverage_id=coverage_id
            )
            shown["kept"] = [vars(one) for one in kept]
        except NotFound as error:
            shown["not_kept"] = error.message
    return shown


def _file_lines(one: dict[str, Any]) -> list[str]:
    lines = [safe(f"{one['file']}: {one['payer'] or 'no payer'}")]
    for person in one["people"]:
        lines.append(
            f"  {person['role']} {person['name']} {person['member_id']} {person['status']}"
        )
        lines += [f"    {b['words']}   ({b['source']})" for b in person["benefits"]]
        lines += [f"    {r['code']} {r['level']}: {r['what']}: {r['do']}"
                  for r in person["rejections"]]  # fmt: skip
    lines += [f"  {p['segment']} at {p['position']}: {p['text']}" for p in one["problems"]]
    for kept in one.get("kept", ()):
        lines.append(f"  kept for coverage {kept['coverage_id']}: {kept['status']}")
    if one.get("not_kept"):
        lines.append(f"  {one['not_kept']}")
    return lines
