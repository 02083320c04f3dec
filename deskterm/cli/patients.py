"""``deskterm patients``: find, show, register."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from deskterm.cli.session import at_desk, command, show

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Find, show, register.")
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


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
    from deskterm.office import finder, patients

    with at_desk(context) as desk:
        found = finder.find(desk, query, limit=limit)
        result = []
        for row in found.rows:
            card = patients.card(desk, row.id) if as_json else None
            phones = [p.number for p in card.phones] if card is not None else []
            result.append(
                {"id": row.id, "mrn": row.mrn, "name": row.name, "dob": row.birth_date.isoformat(),
                 "phones": phones, "sex": row.sex, "alike": row.alike}
            )  # fmt: skip
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
    patient_id: Annotated[int, typer.Argument(metavar="ID")],
    as_json: Json = False,
) -> None:
    """Everything on one patient. Example: patients show 17 --json"""
    from deskterm.entry.dates import show_birth
    from deskterm.entry.money import show_cents
    from deskterm.office import patients

    with at_desk(context) as desk:
        card = patients.card(desk, patient_id)
    who = card.patient
    value: dict[str, Any] = {
        **{k: v for k, v in asdict(who).items()},
        "dob": who.birth_date.isoformat(),
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


@app.command()
@command
def register(
    context: typer.Context,
    last: Annotated[str, typer.Option(help="legal surname")],
    first: Annotated[str, typer.Option(help="legal given name")],
    born: Annotated[str, typer.Option(help="birth date: 1982-03-14, 031482, 14mar82")],
    middle: str = "",
    sex: Annotated[str, typer.Option(help="F, M, X or U")] = "U",
    phone: str = "",
    email: str = "",
    street: str = "",
    city: str = "",
    state: str = "",
    postal_code: Annotated[str, typer.Option("--zip")] = "",
    language: str = "en",
    plan: Annotated[str, typer.Option(help="plan code")] = "",
    member_id: str = "",
    key: Annotated[str | None, typer.Option(help="idempotency key")] = None,
    as_json: Json = False,
) -> None:
    """Register a patient. Example: patients register --last Example --first Pat --born 031482"""
    from deskterm.entry.dates import parse_birth_date
    from deskterm.office.patients import AddressEntry, CoverageEntry, PatientEntry, PhoneEntry
    from deskterm.office.patients import register as register_patient

    with at_desk(context) as desk:
        entry = PatientEntry(
            last_name=last,
            first_name=first,
            middle_name=middle,
            birth_date=parse_birth_date(born, today=desk.today()),
            sex=sex,
            email=email,
            language=language,
            phones=[PhoneEntry(phone)] if phone else [],
            address=AddressEntry(street, "", city, state, postal_code) if street or city else None,
            coverages=[CoverageEntry(plan, member_id)] if plan else [],
        )
        patient = register_patient(desk, entry, key=key)
        result = {"id": patient.id, "mrn": patient.mrn}
    show(result, as_json, lambda: [f"registered #{result['mrn']} (id {result['id']})"])
