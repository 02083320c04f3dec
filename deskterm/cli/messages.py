"""``deskterm messages``: add, list, close."""

from __future__ import annotations

from typing import Annotated

import typer

from deskterm.cli.session import at_desk, command, show

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Telephone messages.")
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.command()
@command
def add(
    context: typer.Context,
    body: Annotated[str, typer.Argument(help="the caller's own words")],
    topic: Annotated[str, typer.Option(help="a code of the list topic: rx, appt, bill ...")],
    caller: Annotated[str, typer.Option(help="who is on the phone")] = "",
    relationship: str = "self",
    callback: Annotated[str, typer.Option(help="the number to call back")] = "",
    patient: Annotated[int | None, typer.Option(metavar="ID", help="whom it is about")] = None,
    urgency: Annotated[str | None, typer.Option(help="now, urgent, today or routine")] = None,
    pool: Annotated[str | None, typer.Option(help="RN, BILL, DESK")] = None,
    to: Annotated[str | None, typer.Option(metavar="LOGIN", help="one person")] = None,
    key: Annotated[str | None, typer.Option(help="idempotency key")] = None,
    as_json: Json = False,
) -> None:
    """Note a call. Example: messages add "needs lisinopril" --topic rx --patient 17"""
    import secrets

    from deskterm.office import messages

    with at_desk(context) as desk:
        done = messages.take(
            desk, caller=caller, relationship=relationship, callback=callback, patient_id=patient,
            topic=topic, body=body, urgency=urgency, pool=pool, assignee=to,
            key=key or secrets.token_hex(12),
        )  # fmt: skip
        row = messages.get(desk, done.id)
        words = messages.due_words(row, desk.today())
    show({"id": row.id, "status": row.status, "urgency": row.urgency, "version": row.version},
         as_json, lambda: [f"message {row.id}, {words}"])  # fmt: skip


@app.command(name="list")
@command
def list_messages(
    context: typer.Context,
    pool: Annotated[str | None, typer.Option(help="RN, BILL, DESK")] = None,
    login: Annotated[str | None, typer.Option("--for", metavar="LOGIN")] = None,
    everything: Annotated[bool, typer.Option("--all", help="closed ones too")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    as_json: Json = False,
) -> None:
    """What waits, most urgent first. Example: messages list --pool RN --json"""
    from dataclasses import asdict

    from deskterm.office import messages

    with at_desk(context) as desk:
        found = messages.inbox(desk, pool=pool, login=login, open_only=not everything, limit=limit)
        desk.views.listed("messages", (row.patient_id for row in found))
        today = desk.today()
        lines = [
            f"{row.id:>6} {row.urgency:<8} {row.topic:<7} {row.status:<12} "
            f"{messages.due_words(row, today):<22} {row.body.partition(chr(10))[0][:40]}"
            for row in found
        ]
    show([asdict(row) for row in found], as_json, lambda: lines or ["nothing waits"])


@app.command()
@command
def close(
    context: typer.Context,
    message_id: Annotated[int, typer.Argument(metavar="ID")],
    outcome: Annotated[str, typer.Option(help="a code of the list outcome")],
    note: str = "",
    version: int | None = None,
    as_json: Json = False,
) -> None:
    """Close a message with its outcome. Example: messages close 12 --outcome called"""
    from deskterm.office import messages

    with at_desk(context) as desk:
        known = version or messages.get(desk, message_id).version
        done = messages.close(desk, message_id, version=known, outcome=outcome, note=note)
        result = {"id": done.id, "status": done.status, "version": done.version}
    show(result, as_json, lambda: [f"closed {result['id']}"])


@app.command()
@command
def take_back(
    context: typer.Context,
    message_id: Annotated[int, typer.Argument(metavar="ID")],
    as_json: Json = False,
) -> None:
    """Take back a message that nobody has read yet. Example: messages take-back 12"""
    from deskterm.office import take_back as taking

    with at_desk(context) as desk:
        done = taking.take_back(desk, message_id)
        result = {"id": done.id, "status": done.status, "version": done.version}
    show(result, as_json, lambda: [f"taken back {result['id']}"])
