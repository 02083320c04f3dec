"""``deskterm patients``: find, show, register."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from deskterm.cli.session import at_desk, command, show

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Find, show, register.")
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Text = Annotated[str, typer.Option()]


@app.command()
@command
def find(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="parts of names, birth date, phone, MRN")],
    limit: Annotated[int, typer.Option(min=1, max=200)] = 9,
    as_json: Json = False,
) -> None:
    """Find patients by anything a clerk is given. Example: patients find "smi jo 031482" """
    from deskterm.entry.dates import show_birth
    from deskterm.office import finder, phone_list

    with at_desk(context) as desk:
        found = finder.find(desk, query, limit=limit)
        phones = phone_list.numbers(desk, [row.id for row in found.rows])
    result = [
        {"id": row.id, "mrn": row.mrn, "name": row.name, "dob": row.birth_date.isoformat(),
         "phones": phones[row.id], "sex": row.sex, "alike": row.alike}
        for row in found.rows
    ]  # fmt: skip
    show(
        result,
        as_json,
        lambda: (
            [
                f"{r.id:>7}  {'=' if r.alike else ' '}{r.name:<32} {show_birth(r.birth_date)}"
                f" {r.sex}  #{r.mrn:<8} {r.today}"
                for r in found.rows
            ]
            or ["nobody found"]
        ),
    )


@app.command(name="show")
@command
def show_one(
    context: typer.Context,
    patient_id: Annotated[int, typer.Argument(metavar="ID", help="the patient")],
    reason: Annotated[str, typer.Option(help="why, for a restricted record")] = "",
    as_json: Json = False,
) -> None:
    """Everything on one patient; looking is noted. Example: patients show 17 --json"""
    from deskterm.entry.dates import show_birth
    from deskterm.entry.money import show_cents
    from deskterm.office import patients

    with at_desk(context) as desk:
        patients.opened(desk, patient_id, reason=reason)
        card = patients.card(desk, patient_id)
    who = card.patient
    value: dict[str, Any] = {
        **{k: v for k, v in asdict(who).items()},
        "dob": who.birth_date.isoformat(),
        "identifiers": [asdict(i) for i in card.identifiers],
        "phones": [asdict(p) for p in card.phones],
        "addresses": [asdict(a) for a in card.addresses],
        "contacts": [asdict(c) for c in card.contacts],
        "coverages": [asdict(c) for c in card.coverages],
        "appointments": [a.as_dict() for a in card.appointments],
        "due_cents": card.due_cents,
        "balance_cents": card.balance_cents,
    }
    show(
        value,
        as_json,
        lambda: [
            f"{who.last_name}, {who.first_name} {who.middle_name}".rstrip()
            + f"  #{who.mrn}  {show_birth(who.birth_date)} {who.sex}",
            *(f"phone     {p.number} {p.kind}" for p in card.phones),
            *(f"address   {a.line1}, {a.city} {a.state} {a.postal_code}" for a in card.addresses),
            *(f"insurance {c.priority} {c.plan_name} {c.member_id}" for c in card.coverages),
            *(
                f"visit     {a.start:%Y-%m-%d %H:%M} {a.provider} {a.visit_type} {a.state}"
                f" (id {a.id})"
                for a in card.appointments
            ),
            f"money     due {show_cents(card.due_cents or 0)}"
            f"  balance {show_cents(card.balance_cents or 0)}",
        ],
    )


@app.command(name="break-glass")
@command
def break_the_glass(
    context: typer.Context,
    patient_id: Annotated[int, typer.Argument(metavar="ID", help="the patient")],
    code: Annotated[str, typer.Option(help="a code of the list break_glass_reason")],
    reason: Annotated[str, typer.Option(help="why, in at least ten characters")],
    as_json: Json = False,
) -> None:
    """Open a restricted record for an hour; it is reviewed. The PIN comes from standard input.

    Example: patients break-glass 17 --code emergency --reason "collapsed in the lobby"
    """
    from deskterm.cli.secrets import read_secret
    from deskterm.office import break_glass, credentials

    with at_desk(context) as desk:
        desk.require("break_glass")
        pin = read_secret("PIN") if credentials.has_secret(desk, desk.actor.login) else ""
        until = break_glass.break_glass(desk, patient_id, code=code, reason=reason, secret=pin)
    show({"patient_id": patient_id, "until": until}, as_json,
         lambda: [f"open until {until:%H:%M} UTC; this will be reviewed"])  # fmt: skip


@app.command()
@command
def reveal(
    context: typer.Context,
    patient_id: Annotated[int, typer.Argument(metavar="ID", help="the patient")],
    reason: Annotated[str, typer.Option(help="why, for the journal")],
    kind: Annotated[str, typer.Option(help="SS, DL, PPN or TAX")] = "SS",
    as_json: Json = False,
) -> None:
    """A number that is kept masked, in full. Example: patients reveal 17 --reason "plan asks" """
    from deskterm.office import reveal as revealing

    with at_desk(context) as desk:
        value = revealing.reveal(desk, patient_id, kind, reason=reason)
    show({"patient_id": patient_id, "kind": kind, "value": value}, as_json, lambda: [value])


@app.command()
@command
def restrict(
    context: typer.Context,
    patient_id: Annotated[int, typer.Argument(metavar="ID", help="the patient")],
    reason: Annotated[str, typer.Option(help="why")],
    off: Annotated[bool, typer.Option("--off", help="lift the restriction")] = False,
    as_json: Json = False,
) -> None:
    """Restrict a record: an employee's, a well-known person's. Example: patients restrict 17
    --reason "works here"
    """
    from deskterm.office import break_glass

    with at_desk(context) as desk:
        break_glass.restrict(desk, patient_id, restricted=not off, reason=reason)
    show({"patient_id": patient_id, "restricted": not off}, as_json,
         lambda: ["restricted" if not off else "no longer restricted"])  # fmt: skip


@app.command()
@command
def register(
    context: typer.Context,
    last: Annotated[str, typer.Option(help="legal surname")],
    first: Annotated[str, typer.Option(help="legal given name")],
    born: Annotated[str, typer.Option(help="birth date: 1982-03-14, 031482, 14mar82")],
    middle: Text = "",
    suffix: Annotated[str, typer.Option(help="Jr, Sr, III")] = "",
    preferred: Annotated[str, typer.Option(help="what to call them")] = "",
    previous: Annotated[str, typer.Option(help="a surname they had")] = "",
    say: Annotated[str, typer.Option(help="pronunciation: NWIN, not NUH-goo-yen")] = "",
    sex: Annotated[str, typer.Option(help="F, M, X or U")] = "U",
    language: Annotated[str, typer.Option(help="en, es, vi ...")] = "en",
    interpreter: Annotated[bool, typer.Option("--interpreter", help="needs one")] = False,
    phone: Annotated[str, typer.Option(help="217-555-0142")] = "",
    phone_type: Annotated[str, typer.Option(help="mobile, home, work or other")] = "mobile",
    text_ok: Annotated[bool, typer.Option("--text-ok", help="agreed to texts")] = False,
    email: Annotated[str, typer.Option(help="jo@example.org")] = "",
    reach: Annotated[str, typer.Option(help="phone, text, email, letter or none")] = "phone",
    address: Annotated[str, typer.Option("--address", "--street", help="418 Elm St")] = "",
    unit: Annotated[str, typer.Option(help="Apt 4")] = "",
    city: Text = "",
    state: Text = "",
    postal_code: Annotated[str, typer.Option("--zip", help="62521")] = "",
    contact: Annotated[str, typer.Option(help="whom to call in an emergency")] = "",
    contact_relation: Annotated[str, typer.Option(help="spouse, mother ...")] = "",
    contact_phone: Annotated[str, typer.Option(help="217-555-0143")] = "",
    guarantor: Annotated[bool, typer.Option("--guarantor", help="the contact pays")] = False,
    pcp: Annotated[str, typer.Option(help="primary care provider")] = "",
    pharmacy: Text = "",
    alert: Annotated[str, typer.Option(help="shown to everyone on the banner")] = "",
    plan: Annotated[str, typer.Option(help="a plan's code")] = "",
    member_id: Annotated[str, typer.Option(help="as on the card")] = "",
    group: Annotated[str, typer.Option(help="as on the card")] = "",
    subscriber: Annotated[str, typer.Option(help="whose plan it is, if not the patient's")] = "",
    relationship: Annotated[str, typer.Option(help="to the subscriber: 18 self, 19 child")] = "18",
    key: Annotated[str | None, typer.Option(help="idempotency key")] = None,
    as_json: Json = False,
) -> None:
    """Register a patient. Example: patients register --last Example --first Pat --born 031482"""
    from deskterm.entry.dates import parse_birth_date
    from deskterm.office import patients as office

    place = office.AddressEntry(address, unit, city, state, postal_code)
    with at_desk(context) as desk:
        entry = office.PatientEntry(
            last_name=last, first_name=first, middle_name=middle, suffix=suffix,
            preferred_name=preferred, previous_last_name=previous, pronunciation=say,
            birth_date=parse_birth_date(
                born, today=desk.today(), order=desk.settings.policy.date_order
            ),
            sex=sex, language=language, interpreter_needed=interpreter, email=email,
            contact_channel=reach, pcp=pcp, pharmacy=pharmacy, alert=alert,
            phones=[office.PhoneEntry(phone, phone_type, text_ok=text_ok)] if phone else [],
            address=place if any((address, unit, city, state, postal_code)) else None,
            contacts=[
                office.ContactEntry(contact, contact_relation, contact_phone,
                                    emergency_contact=True, guarantor=guarantor)
            ] if contact or contact_phone else [],
            coverages=[
                office.CoverageEntry(plan, member_id, group, relationship, subscriber)
            ] if plan or member_id else [],
        )  # fmt: skip
        patient = office.register(desk, entry, key=key)
        result = {"id": patient.id, "mrn": patient.mrn}
    show(result, as_json, lambda: [f"registered #{result['mrn']} (id {result['id']})"])
