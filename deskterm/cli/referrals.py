"""``deskterm referrals``: who sends whom, until the report is read."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from deskterm.cli.refs import Day, Json, Key, Over, Patient, Version, days, listed, one, said
from deskterm.cli.session import command, the_day

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Referrals in and out.")
Id = Annotated[int, typer.Argument(metavar="ID", help="the referral")]
Note = Annotated[str, typer.Option(help="how, or a word about it")]


@app.command(name="list")
@command
def list_(
    context: typer.Context, patient: Patient = None, over: Over = False, as_json: Json = False
) -> None:
    """What must be chased, by when it is due. Example: referrals list --json"""
    listed(context, as_json, "ref", patient, over)


@app.command(name="show")
@command
def show_(context: typer.Context, referral_id: Id, as_json: Json = False) -> None:
    """One referral and what was done with it. Example: referrals show 3"""
    one(context, as_json, "ref", referral_id)


@app.command()
@command
def order(
    context: typer.Context,
    patient_id: Annotated[int, typer.Argument(metavar="PATIENT_ID")],
    service: Annotated[str, typer.Option("--for", help="the service in words")],
    to: Annotated[str, typer.Option(help="the other practice; for one that goes out")] = "",
    sender: Annotated[str, typer.Option("--from", help="who sent them; for one that came")] = "",
    npi: Annotated[str, typer.Option(help="of the other practice")] = "",
    number: str = "",
    provider: Annotated[str, typer.Option(help="ours")] = "",
    diagnoses: Annotated[str, typer.Option("--dx", help="ICD-10-CM codes")] = "",
    reason: str = "",
    visits: Annotated[int | None, typer.Option(help="how many")] = None,
    first: Annotated[str, typer.Option("--valid-from", metavar="DATE")] = "",
    last: Annotated[str, typer.Option("--valid-to", metavar="DATE")] = "",
    urgent: bool = False,
    appointment: Annotated[int | None, typer.Option(metavar="ID", help="the visit")] = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Note a referral. Example: referrals order 17 --to "Dr Ruiz" --for "GI consult" """
    from deskterm.office import referrals

    way = "in" if sender else "out"

    def act(desk: Any) -> Any:
        when = days(desk, valid_from=first, valid_to=last)
        entry = referrals.ReferralEntry(
            direction=way, number=number, from_name=sender, to_name=to, provider=provider,
            from_npi=npi if sender else "", to_npi="" if sender else npi, service=service,
            diagnoses=diagnoses, reason=reason, urgent=urgent, visits=visits, **when,
        )  # fmt: skip
        return referrals.order(desk, patient_id, entry, appointment_id=appointment, key=key)

    said(context, as_json, "ref", act)


@app.command()
@command
def send(
    context: typer.Context, referral_id: Id, note: Note = "", due: Day = "",
    version: Version = None, as_json: Json = False,
) -> None:  # fmt: skip
    """It went out. Example: referrals send 3 --note fax"""
    _step(context, as_json, "send", referral_id, note, version, due)


@app.command()
@command
def receive(
    context: typer.Context, referral_id: Id, note: Note = "", due: Day = "",
    version: Version = None, as_json: Json = False,
) -> None:  # fmt: skip
    """They have it. Example: referrals receive 3"""
    _step(context, as_json, "receive", referral_id, note, version, due)


@app.command()
@command
def schedule(
    context: typer.Context, referral_id: Id,
    on: Annotated[str, typer.Option(metavar="DATE", help="the day of the visit there")],
    note: Note = "", version: Version = None, as_json: Json = False,
) -> None:  # fmt: skip
    """The visit there is booked. Example: referrals schedule 3 --on t+2w"""
    from deskterm.office import referrals

    said(context, as_json, "ref", lambda d: referrals.schedule(
        d, referral_id, on=the_day(d, on), note=note, version=version))  # fmt: skip


@app.command()
@command
def complete(
    context: typer.Context, referral_id: Id, note: Note = "", due: Day = "",
    version: Version = None, as_json: Json = False,
) -> None:  # fmt: skip
    """They were seen there. Example: referrals complete 3"""
    _step(context, as_json, "complete", referral_id, note, version, due)


@app.command()
@command
def report(
    context: typer.Context,
    referral_id: Id,
    document: Annotated[str, typer.Option(help="the report's name")] = "",
    where: Annotated[str, typer.Option(help="where it is")] = "",
    note: Note = "",
    version: Version = None,
    as_json: Json = False,
) -> None:
    """The report came. Example: referrals report 3 --document "GI report" --where "fax 12" """
    from deskterm.office import referrals

    said(context, as_json, "ref", lambda d: referrals.report(
        d, referral_id, document=document, document_at=where, note=note,
        version=version))  # fmt: skip


@app.command()
@command
def close(
    context: typer.Context, referral_id: Id, note: Note = "", version: Version = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """The report was read. Example: referrals close 3"""
    from deskterm.office import referrals

    said(context, as_json, "ref",
         lambda d: referrals.review(d, referral_id, note=note, version=version))  # fmt: skip


@app.command()
@command
def void(
    context: typer.Context,
    referral_id: Id,
    reason: str,
    expired: Annotated[bool, typer.Option(help="its time is over")] = False,
    version: Version = None,
    as_json: Json = False,
) -> None:
    """It was a mistake, or is over. Example: referrals void 3 "other patient" """
    from deskterm.office import referrals

    end = referrals.expire if expired else referrals.void
    said(context, as_json, "ref",
         lambda d: end(d, referral_id, reason=reason, version=version))  # fmt: skip


@app.command()
@command
def note(
    context: typer.Context,
    referral_id: Id,
    text: Annotated[str, typer.Argument(help="what to remember")] = "",
    document: Annotated[str, typer.Option(help="a paper's name")] = "",
    where: Annotated[str, typer.Option(help="where that paper is")] = "",
    contact: Annotated[str, typer.Option(help="whom you spoke with")] = "",
    due: Day = "",
    as_json: Json = False,
) -> None:
    """A line, a call or a paper. Example: referrals note 3 "no date yet" --contact Dana"""
    from deskterm.office import referrals

    said(context, as_json, "ref", lambda d: referrals.note(
        d, referral_id, text, document=document, document_at=where, contact=contact,
        **days(d, due_on=due)))  # fmt: skip


def _step(
    context: typer.Context, as_json: bool, action: str, referral_id: int, note: str,
    version: int | None, due: str,
) -> None:  # fmt: skip
    from deskterm.office import referrals

    said(context, as_json, "ref", lambda d: getattr(referrals, action)(
        d, referral_id, note=note, version=version, **days(d, due_on=due)))  # fmt: skip
