"""``deskterm auth``: prior authorizations, from what is needed to what is used up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deskterm.cli.refs import Day, Json, Key, Over, Patient, Version, days, listed, one, said
from deskterm.cli.session import at_desk, command, show, the_day

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Prior authorizations.")
Id = Annotated[int, typer.Argument(metavar="ID", help="the authorization")]
Visit = Annotated[int, typer.Argument(metavar="APPOINTMENT_ID", help="the visit")]


@app.command(name="list")
@command
def list_(
    context: typer.Context, patient: Patient = None, over: Over = False, as_json: Json = False
) -> None:
    """What must be chased, by when it is due. Example: auth list --json"""
    listed(context, as_json, "auth", patient, over)


@app.command(name="show")
@command
def show_(context: typer.Context, authorization_id: Id, as_json: Json = False) -> None:
    """One authorization and what was done with it. Example: auth show 3"""
    one(context, as_json, "auth", authorization_id)


@app.command()
@command
def request(
    context: typer.Context,
    patient_id: Annotated[int, typer.Argument(metavar="PATIENT_ID")],
    service: Annotated[str, typer.Option("--for", help="the service in words")] = "",
    procedures: Annotated[str, typer.Option("--codes", help="CPT or HCPCS codes")] = "",
    diagnoses: Annotated[str, typer.Option("--dx", help="ICD-10-CM codes")] = "",
    visit_type: Annotated[str, typer.Option("--type", help="visit type that it covers")] = "",
    provider: str = "",
    units: Annotated[int | None, typer.Option(help="how many")] = None,
    unit_kind: Annotated[str, typer.Option(help="visit, day or unit")] = "visit",
    appointment: Annotated[int | None, typer.Option(metavar="ID", help="the visit")] = None,
    expedited: bool = False,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Note that a payer must be asked. Example: auth request 17 --for PT --codes 97110"""
    from deskterm.office import authorizations

    entry = authorizations.AuthorizationEntry(
        service=service, procedures=procedures, diagnoses=diagnoses, visit_type=visit_type,
        provider=provider, units_asked=units, unit_kind=unit_kind, expedited=expedited,
    )  # fmt: skip
    said(context, as_json, "auth", lambda d: authorizations.request(
        d, patient_id, entry, appointment_id=appointment, key=key))  # fmt: skip


@app.command()
@command
def gather(
    context: typer.Context, authorization_id: Id, version: Version = None, as_json: Json = False
) -> None:
    """Somebody collects the papers. Example: auth gather 3"""
    from deskterm.office import authorizations

    said(context, as_json, "auth",
         lambda d: authorizations.gather(d, authorization_id, version=version))  # fmt: skip


@app.command()
@command
def submit(
    context: typer.Context,
    authorization_id: Id,
    by: Annotated[str, typer.Option(help="portal, phone, fax, 278 or mail")],
    reference: Annotated[str, typer.Option(help="the payer's number of the request")] = "",
    contact: Annotated[str, typer.Option(help="whom you spoke with")] = "",
    call: Annotated[str, typer.Option(help="reference of the call")] = "",
    due: Day = "",
    version: Version = None,
    as_json: Json = False,
) -> None:
    """It went to the payer. Example: auth submit 3 --by portal --reference 8812-33"""
    from deskterm.office import authorizations

    said(context, as_json, "auth", lambda d: authorizations.submit(
        d, authorization_id, method=by, reference=reference, contact=contact, call_reference=call,
        version=version, **days(d, due_on=due)))  # fmt: skip


@app.command()
@command
def pend(
    context: typer.Context,
    authorization_id: Id,
    wants: Annotated[str, typer.Option(help="what the payer wants")],
    due: Day = "",
    version: Version = None,
    as_json: Json = False,
) -> None:
    """The payer wants more. Example: auth pend 3 --wants "notes of the last visit" """
    from deskterm.office import authorizations

    said(context, as_json, "auth", lambda d: authorizations.pend(
        d, authorization_id, wants=wants, version=version, **days(d, due_on=due)))  # fmt: skip


@app.command()
@command
def decide(
    context: typer.Context,
    authorization_id: Id,
    code: Annotated[str, typer.Option(help="the payer's code (HCR01), kept as it is")] = "",
    decision: Annotated[
        str, typer.Option(help="approved, partial, denied, pended, not_required, void")
    ] = "",
    number: Annotated[str, typer.Option(help="of the certification")] = "",
    units: Annotated[int | None, typer.Option(help="how many were granted")] = None,
    first: Annotated[str, typer.Option("--from", metavar="DATE")] = "",
    last: Annotated[str, typer.Option("--to", metavar="DATE")] = "",
    reason: str = "",
    contact: Annotated[str, typer.Option(help="whom you spoke with")] = "",
    call: Annotated[str, typer.Option(help="reference of the call")] = "",
    version: Version = None,
    as_json: Json = False,
) -> None:
    """The payer's answer. Example: auth decide 3 --code A1 --number A-77 --units 12 --to 063026"""
    from deskterm.office import authorizations

    said(context, as_json, "auth", lambda d: authorizations.decide(
        d, authorization_id, raw_code=code, decision=decision, number=number,
        number_of_units=units, reason=reason, contact=contact, call_reference=call,
        version=version, **days(d, effective_on=first, expires_on=last)))  # fmt: skip


@app.command()
@command
def appeal(
    context: typer.Context, authorization_id: Id, note: Annotated[str, typer.Option(help="why")],
    version: Version = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Ask the payer to think again. Example: auth appeal 3 --note "peer agreed" """
    from deskterm.office import authorizations

    said(context, as_json, "auth", lambda d: authorizations.appeal(
        d, authorization_id, note=note, version=version))  # fmt: skip


@app.command()
@command
def extend(
    context: typer.Context,
    authorization_id: Id,
    units: Annotated[int | None, typer.Option(help="how many there are in all now")] = None,
    to: Day = "",
    note: str = "",
    version: Version = None,
    as_json: Json = False,
) -> None:
    """The payer grants more, or longer. Example: auth extend 3 --units 24"""
    from deskterm.office import authorizations

    said(context, as_json, "auth", lambda d: authorizations.extend(
        d, authorization_id, number_of_units=units, note=note, version=version,
        **days(d, expires_on=to)))  # fmt: skip


@app.command()
@command
def use(
    context: typer.Context,
    authorization_id: Id,
    units: Annotated[int, typer.Option(help="how many")] = 1,
    on: Annotated[str, typer.Option(metavar="DATE", help="the day; else today")] = "",
    note: str = "",
    override: Annotated[str, typer.Option(help="why more than are left")] = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Units used without a visit of ours. Example: auth use 3 --units 2 --on 031026"""
    from deskterm.office import authorizations

    said(context, as_json, "auth", lambda d: authorizations.use(
        d, authorization_id, number_of_units=units, note=note, override=override, key=key,
        on=the_day(d, on, future=False) if on else None))  # fmt: skip


@app.command()
@command
def release(
    context: typer.Context, authorization_id: Id, reason: str, as_json: Json = False
) -> None:
    """Take the last noted use back. Example: auth release 3 "typed twice" """
    from deskterm.office import authorizations

    said(context, as_json, "auth",
         lambda d: authorizations.release(d, authorization_id, reason=reason))  # fmt: skip


@app.command()
@command
def note(
    context: typer.Context,
    authorization_id: Id,
    text: Annotated[str, typer.Argument(help="what to remember")] = "",
    document: Annotated[str, typer.Option(help="a paper's name")] = "",
    where: Annotated[str, typer.Option(help="where that paper is")] = "",
    contact: Annotated[str, typer.Option(help="whom you spoke with")] = "",
    call: Annotated[str, typer.Option(help="reference of the call")] = "",
    due: Day = "",
    as_json: Json = False,
) -> None:
    """A line, a call or a paper. Example: auth note 3 "in review" --contact Dana --call 4471"""
    from deskterm.office import authorizations

    said(context, as_json, "auth", lambda d: authorizations.note(
        d, authorization_id, text, document=document, document_at=where, contact=contact,
        call_reference=call, **days(d, due_on=due)))  # fmt: skip


@app.command()
@command
def void(
    context: typer.Context,
    authorization_id: Id,
    reason: str,
    expired: Annotated[bool, typer.Option(help="its time is over")] = False,
    version: Version = None,
    as_json: Json = False,
) -> None:
    """It was a mistake, or is over. Example: auth void 3 "other patient" """
    from deskterm.office import authorizations

    said(context, as_json, "auth", lambda d: authorizations.void(
        d, authorization_id, reason=reason, expired=expired, version=version))  # fmt: skip


@app.command()
@command
def form(
    context: typer.Context,
    authorization_id: Id,
    way: Annotated[str, typer.Option("--by", help="phone or fax")] = "phone",
    paper: Annotated[bool, typer.Option("--print", help="on the printer too")] = False,
    as_json: Json = False,
) -> None:
    """The request in the order a representative asks. Example: auth form 3 --by fax"""
    from deskterm.office import authorization_requests

    with at_desk(context) as desk:
        lines = authorization_requests.form(desk, authorization_id, way=way)
        facts = authorization_requests.request_facts(desk, authorization_id)
        desk.views.opened(facts.patient_id, "auth form")
        if paper:
            authorization_requests.print_form(desk, authorization_id, way=way)
    show({"id": authorization_id, "text": "\n".join(lines)}, as_json, lambda: lines)


@app.command()
@command
def link(
    context: typer.Context,
    appointment_id: Visit,
    authorization: Annotated[int | None, typer.Option(metavar="ID")] = None,
    referral: Annotated[int | None, typer.Option(metavar="ID")] = None,
    units: Annotated[int, typer.Option(help="how many this visit takes")] = 1,
    override: Annotated[str, typer.Option(help="why more than are left")] = "",
    as_json: Json = False,
) -> None:
    """Choose what covers a visit. Example: auth link 88 --authorization 3"""
    from deskterm.office import permits

    with at_desk(context) as desk:
        done = permits.link(desk, appointment_id, authorization_id=authorization,
                            referral_id=referral, number_of_units=units,
                            override=override)  # fmt: skip
        words = permits.of_visit(desk, done).words
    show({"id": done.id, "cover": words}, as_json, lambda: [words])


@app.command()
@command
def unlink(
    context: typer.Context, appointment_id: Visit, reason: str = "chosen by mistake",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Let a visit go without what covers it. Example: auth unlink 88"""
    from deskterm.office import permits

    with at_desk(context) as desk:
        done = permits.unlink(desk, appointment_id, reason=reason)
        words = permits.of_visit(desk, done).words
    show({"id": done.id, "cover": words}, as_json, lambda: [words])


@app.command()
@command
def rule(
    context: typer.Context,
    needs: Annotated[str, typer.Argument(help="authorization or referral")],
    plan: Annotated[str, typer.Option(help="a plan's code; else every plan")] = "",
    visit_type: Annotated[str, typer.Option("--type", help="else every visit type")] = "",
    needed: Annotated[bool, typer.Option("--yes/--no", help="whether it is wanted")] = True,
    note: str = "",
    as_json: Json = False,
) -> None:
    """What a plan wants before a visit. Example: auth rule authorization --plan HMO1 --type PT"""
    from deskterm.office import plan_rules

    with at_desk(context) as desk:
        made = plan_rules.set_rule(
            desk, needs=needs, plan=plan, visit_type=visit_type, needed=needed, note=note
        )
    show({"id": made.id}, as_json, lambda: [f"rule {made.id}"])


@app.command()
@command
def rules(context: typer.Context, as_json: Json = False) -> None:
    """The rules in force. Example: auth rules"""
    from deskterm.office import plan_rules

    with at_desk(context) as desk:
        found = plan_rules.rules(desk)
    rows = [
        {"id": r.id, "plan": r.plan, "visit_type": r.visit_type, "needs": r.needs,
         "needed": r.needed, "note": r.note} for r in found
    ]  # fmt: skip
    show(rows, as_json, lambda: [
        f"{r.plan or 'every plan':<12}  {r.visit_type or 'every visit':<12}  {r.needs:<13}  "
        f"{'yes' if r.needed else 'no'}  {r.note}".rstrip() for r in found])  # fmt: skip


@app.command(name="write-278")
@command
def write_278(
    context: typer.Context,
    number: Id,
    sender: Annotated[str, typer.Option(help="ISA06 of the agreement")] = "",
    receiver: Annotated[str, typer.Option(help="ISA08 of the agreement")] = "",
    control: Annotated[int, typer.Option(help="the interchange's number")] = 1,
    as_json: Json = False,
) -> None:
    """The request as a file; it sends nothing. Example: auth write-278 12 > ask.278"""
    from deskterm.office import authorization_wire

    with at_desk(context) as desk:
        text = authorization_wire.text(
            desk, number, sender=sender, receiver=receiver, control=control
        )
        desk.views.note("data.export", on="278", authorization=str(number))
    show({"x12": text}, as_json, lambda: text.splitlines())


@app.command()
@command
def send(
    context: typer.Context, number: Id, version: Version = None, as_json: Json = False
) -> None:
    """Ask the payer by computer, through the outbox. Example: auth send 12"""
    from deskterm.office import authorization_wire

    said(context, as_json, "auth",
         lambda desk: authorization_wire.send(desk, number, version=version))  # fmt: skip


@app.command(name="import-278")
@command
def import_278(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="answers as X12")],
    as_json: Json = False,
) -> None:
    """Apply payers' decisions to our requests. Example: auth import-278 answer.278 --json"""
    from deskterm.exchange.x12.segments import read_file
    from deskterm.office import authorization_wire

    found = []
    with at_desk(context) as desk:
        desk.require("authorizations")
        for path in files:
            for one in authorization_wire.apply(desk, read_file(path)):
                found.append({"file": path.name, **vars(one)})
    show(
        found, as_json,
        lambda: [f"{f['file']}: {f['authorization_id']} {f['code']} {f['state']} {f['number']}"
                 f" {f['do']}".rstrip() for f in found],
    )  # fmt: skip
