"""``deskterm run``: the workers, and what waits for them."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskterm.cli.session import Options, at_desk, command, show
from deskterm.errors import Invalid, Unreachable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskterm.office.outbox import OutboxRow
    from deskterm.office.sending import Tally

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Workers and timers.")
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Item = Annotated[int, typer.Argument(metavar="ID", help="its number in the outbox")]
_LARGEST = 4_000_000


@app.command()
@command
def outbox(
    context: typer.Context,
    kind: Annotated[list[str] | None, typer.Option(help="270, 276, 278; without: all")] = None,
    once: Annotated[bool, typer.Option("--once", help="end when nothing is due")] = False,
    workers: Annotated[int, typer.Option(help="questions at once")] = 64,
    as_json: Json = False,
) -> None:
    """Send what waits and take the answers in. Example: --as worker run outbox --kind 270 --once

    SIGTERM lets what is on the wire finish. Several may run: none sends what another does.
    """
    from deskterm.exchange.payers.values import PAYLOADS

    for one in kind or ():
        if one not in PAYLOADS:
            raise Invalid(f"{one[:10]} is not a kind", ", ".join(PAYLOADS), field="kind")
    if not 1 <= workers <= 1000:
        raise Invalid("1 to 1000 at once", "", field="workers")
    done = send_all(context, kind or (), once=once, workers=workers).as_dict()
    show(done, as_json, lambda: [", ".join(f"{n} {name.replace('_', ' ')}"
                                           for name, n in done.items())])  # fmt: skip


def send_all(
    context: typer.Context, kinds: Sequence[str], *, once: bool = True, workers: int = 64
) -> Tally:
    """Send what is due; ``once`` until nothing is. SIGTERM lets what is on the wire finish."""
    import asyncio
    import signal

    from deskterm.office.desk import open_desk
    from deskterm.office.sending import Sender

    options: Options = context.obj or Options()
    settings = options.settings()

    async def work() -> Tally:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError, RuntimeError):  # not the main thread
                loop.add_signal_handler(number, stop.set)
        sender = Sender(
            lambda: open_desk(settings, login=options.login), kinds=kinds, workers=workers
        )
        return await sender.run(once=once, stop=stop)

    return asyncio.run(work())


@app.command("list")
@command
def listing(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="also answered and given up")] = False,
    kind: str = "",
    limit: int = 200,
    as_json: Json = False,
) -> None:
    """What waits or failed, and why. Example: run list --json"""
    from deskterm.office import outbox as box

    states = (*box.OPEN, "answered", "given_up") if everything else box.OPEN
    with at_desk(context) as desk:
        found = box.listing(desk, states=states, kind=kind, limit=max(1, min(limit, 5000)))
    show([_value(row) for row in found], as_json, lambda: [_said(row) for row in found])


@app.command("show")
@command
def show_item(context: typer.Context, item: Item, as_json: Json = False) -> None:
    """What was sent and what came back, as it was on the wire. Example: run show 4"""
    from deskterm.office import outbox as box

    with at_desk(context) as desk:
        row = box.get(desk, item)
        payload, answer = box.texts(desk, item)
    value = {**_value(row), "sent": payload, "answer": answer}
    show(value, as_json, lambda: [_said(row), *_segments(payload), "", *_segments(answer)])


@app.command()
@command
def add(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="one X12 interchange")],
    connection: Annotated[str, typer.Option(metavar="CODE")],
    kind: Annotated[str, typer.Option(help="270, 276 or 278")] = "270",
    patient: Annotated[int | None, typer.Option(metavar="ID", help="whom it is about")] = None,
    key: Annotated[str, typer.Option(help="the same key is the same item")] = "",
    as_json: Json = False,
) -> None:
    """Put a transaction made elsewhere into the outbox. Example: run add q.270 --connection STEDI

    Without --key its content is the key: the same file twice is sent once.
    """
    import hashlib

    from deskterm.exchange.payers.interchange import text_of
    from deskterm.exchange.payers.trouble import NotX12
    from deskterm.office import outbox as box

    try:
        with file.expanduser().open("rb") as source:
            content = source.read(_LARGEST)
        text = text_of(content)
    except OSError as error:
        raise Unreachable(f"{file.name} cannot be read: {error.strerror}", "") from None
    except NotX12:
        raise Invalid("That is no X12 interchange", "", field="payload") from None
    with at_desk(context) as desk:
        row = box.add(
            desk, kind=kind, connection=connection, payload=text, patient_id=patient,
            key=key or f"file:{hashlib.sha256(content).hexdigest()}",
        )  # fmt: skip
    show(_value(row), as_json, lambda: [_said(row)])


@app.command()
@command
def retry(context: typer.Context, item: Item, as_json: Json = False) -> None:
    """Have what failed sent again, by the next worker. Example: run retry 4"""
    from deskterm.office import outbox as box

    with at_desk(context) as desk:
        row = box.retry(desk, item)
    show(_value(row), as_json, lambda: [_said(row)])


@app.command("give-up")
@command
def give_up(
    context: typer.Context,
    item: Item,
    reason: Annotated[str, typer.Option(help="why, for the journal")],
    as_json: Json = False,
) -> None:
    """Send it no more. Example: run give-up 4 --reason "asked by phone" """
    from deskterm.office import outbox as box

    with at_desk(context) as desk:
        row = box.give_up(desk, item, reason=reason)
    show(_value(row), as_json, lambda: [_said(row)])


def _value(row: OutboxRow) -> dict[str, Any]:
    return {**asdict(row), "word": row.word}


def _said(row: OutboxRow) -> str:
    who = f" {row.patient} [{row.patient_id}]" if row.patient_id else ""
    why = f"  {row.why}" if row.why else ""
    return (f"{row.id:>5} {row.kind} {row.connection:<10} {row.word:<20} {row.attempts:>2}x"
            f" {row.queued_at:%m/%d %H:%M}{who}{why}")  # fmt: skip


def _segments(text: str) -> list[str]:
    """A transaction one segment to a line, for reading."""
    end = text[105] if len(text) > 105 else ""
    return [part.strip() for part in text.split(end) if part.strip()] if end else [text]


@app.command()
@command
def mail(
    context: typer.Context,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="letters in one round")] = 100,
    as_json: Json = False,
) -> None:
    """Send the e-mails that wait; what fails is tried again later. Example: run mail --json"""
    from deskterm.office import mail as letters

    with at_desk(context) as desk:
        done = letters.send_waiting(desk, most=most)
    value = {"sent": done.sent, "waiting": done.waiting, "failed": done.failed}
    said = f"sent {done.sent}, to be tried again {done.waiting}, given up {done.failed}"
    show(value, as_json, lambda: [said])
