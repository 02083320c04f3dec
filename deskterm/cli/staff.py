"""``deskterm staff``: who works here, what they prove themselves with, and who looked where."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from deskterm.cli.secrets import read_secret
from deskterm.cli.session import Approver, approved, at_desk, command, show

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="People, roles and PINs.")
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Login = Annotated[str, typer.Argument(metavar="LOGIN")]


@app.command()
@command
def add(
    context: typer.Context,
    login: Login,
    name: Annotated[str, typer.Option(help="first and last name")],
    role: Annotated[str, typer.Option(help="front_desk, biller, clinician, manager, ...")],
    provider: Annotated[str, typer.Option(metavar="CODE", help="their own column")] = "",
    approver: Approver = "",
    as_json: Json = False,
) -> None:
    """Add a person. Example: staff add dkim --name "Dana Kim" --role front_desk

    Who may see everybody or decide who may do what is added by two (--approver).
    """
    from deskterm.office import staff

    with at_desk(context) as desk:
        yes = approved(desk, "staff.add", approver)
        staff.add(desk, login=login, name=name, role=role, provider=provider, approval=yes)
    show({"login": login, "role": role}, as_json,
         lambda: [f"added {login}; deskterm staff secret {login} gives them a PIN"])  # fmt: skip


@app.command(name="list")
@command
def list_people(context: typer.Context, as_json: Json = False) -> None:
    """Everybody who works here. Example: staff list --json"""
    from deskterm.office import staff

    with at_desk(context) as desk:
        found = staff.people(desk)
    show([row.as_dict() for row in found], as_json,
         lambda: [
            f"{r.login:<16} {r.role:<16} {'active' if r.active else 'DISABLED':<8}"
            f" {r.secret:<8} {'app' if r.totp else '-':<3} {'LOCKED ' * r.locked}{r.name}"
            for r in found
        ])  # fmt: skip


@app.command(name="show")
@command
def show_person(context: typer.Context, login: Login, as_json: Json = False) -> None:
    """One person. Example: staff show dkim"""
    from deskterm.office import staff

    with at_desk(context) as desk:
        row = staff.by_login(desk, login)
    show(row.as_dict(), as_json, lambda: [f"{k:<10} {v}" for k, v in row.as_dict().items()])


@app.command()
@command
def role(
    context: typer.Context,
    login: Login,
    name: Annotated[str, typer.Argument(metavar="ROLE")],
    approver: Approver = "",
    as_json: Json = False,
) -> None:
    """Give another role; their session ends. Example: staff role dkim manager"""
    from deskterm.office import staff

    with at_desk(context) as desk:
        yes = approved(desk, "staff.role", approver)
        done = staff.set_role(desk, login, name, approval=yes)
    show({"login": login, "role": done.role}, as_json, lambda: [f"{login} is {done.role} now"])


@app.command()
@command
def roles(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[ROLE]")] = "",
    as_json: Json = False,
) -> None:
    """What each role may do. Example: staff roles biller"""
    from deskterm.office import roles as all_roles

    with at_desk(context) as desk:
        found = all_roles.listing(desk, name)
    show([row.as_dict() for row in found], as_json,
         lambda: [
            f"{row.role:<16} {row.people:>3} people{'  TWO PEOPLE GIVE IT' * row.powerful}  "
            + ", ".join(row.permissions)
            for row in found
        ])  # fmt: skip


Role = Annotated[str, typer.Argument(metavar="ROLE")]
Permission = Annotated[str, typer.Argument(metavar="PERMISSION", help="see staff roles")]
Why = Annotated[str, typer.Option(help="why, for the journal")]


@app.command()
@command
def permit(
    context: typer.Context, role: Role, permission: Permission, reason: Why,
    approver: Approver = "", as_json: Json = False,
) -> None:  # fmt: skip
    """Let a role do more. Example: staff permit biller book --reason "follow-ups" --approver boss

    From each person's next sign-in on.
    """
    from deskterm.office import roles as all_roles

    with at_desk(context) as desk:
        yes = approved(desk, "role.permit", approver)
        all_roles.permit(desk, role, permission, reason=reason, approval=yes)
    show({"role": role, "permission": permission, "may": True}, as_json,
         lambda: [f"{role} may {permission} now"])  # fmt: skip


@app.command()
@command
def forbid(
    context: typer.Context, role: Role, permission: Permission, reason: Why,
    approver: Approver = "", as_json: Json = False,
) -> None:  # fmt: skip
    """Let a role do less; its open desks close. Example: staff forbid biller book --reason "no" """
    from deskterm.office import roles as all_roles

    with at_desk(context) as desk:
        yes = approved(desk, "role.forbid", approver)
        all_roles.forbid(desk, role, permission, reason=reason, approval=yes)
    show({"role": role, "permission": permission, "may": False}, as_json,
         lambda: [f"{role} may not {permission} any more"])  # fmt: skip


@app.command()
@command
def provider(
    context: typer.Context,
    login: Login,
    code: Annotated[str, typer.Argument(metavar="CODE")] = "",
    as_json: Json = False,
) -> None:
    """Say which column of the schedule is theirs. Example: staff provider rlee LEE"""
    from deskterm.office import staff

    with at_desk(context) as desk:
        staff.link(desk, login, code)
    show({"login": login, "provider": code}, as_json, lambda: [f"{login}: {code or 'no column'}"])


@app.command()
@command
def disable(
    context: typer.Context,
    login: Login,
    reason: Annotated[str, typer.Option(help="why")],
    as_json: Json = False,
) -> None:
    """End a person's access at once. Example: staff disable dkim --reason "left" """
    from deskterm.office import staff

    with at_desk(context) as desk:
        staff.disable(desk, login, reason=reason)
    show({"login": login, "active": False}, as_json, lambda: [f"{login} is disabled"])


@app.command()
@command
def enable(
    context: typer.Context, login: Login, approver: Approver = "", as_json: Json = False
) -> None:
    """Give a disabled person their access back. Example: staff enable dkim --approver boss"""
    from deskterm.office import staff

    with at_desk(context) as desk:
        staff.enable(desk, login, approval=approved(desk, "staff.enable", approver))
    show({"login": login, "active": True}, as_json, lambda: [f"{login} may sign in again"])


@app.command()
@command
def secret(
    context: typer.Context,
    login: Login,
    password: Annotated[bool, typer.Option("--password", help="not a PIN")] = False,
    approver: Approver = "",
    as_json: Json = False,
) -> None:
    """Set a PIN (or password), typed unseen or from standard input. Example: staff secret dkim

    Changing one's own asks for the present one first, and giving somebody a new one in place of
    theirs for a second person's (--approver) before it.
    """
    from deskterm.office import credentials

    kind = "password" if password else "pin"
    with at_desk(context) as desk:
        own = login == desk.actor.login and credentials.has_secret(desk, login)
        current = read_secret("The one you have now") if own else ""
        yes = approved(desk, "credential.set", approver)
        given = read_secret("Password" if password else "PIN", twice=True)
        credentials.set_secret(desk, login, secret=given, kind=kind, current=current, approval=yes)
    show({"login": login, "kind": kind}, as_json, lambda: [f"{login} has a new {kind}"])


@app.command()
@command
def totp(
    context: typer.Context,
    login: Login,
    off: Annotated[bool, typer.Option("--off", help="take it away: the telephone is lost")] = False,
    approver: Approver = "",
    as_json: Json = False,
) -> None:
    """Set up a code app: shows its key, reads one code, shows ten recovery codes once.

    Example: staff totp admin
    """
    from deskterm.office import credentials

    with at_desk(context) as desk:
        if off:
            yes = approved(desk, "credential.totp", approver)
            credentials.remove_totp(desk, login, approval=yes)
            show({"login": login, "totp": False}, as_json, lambda: [f"{login} has no code app"])
            return
        key, address = credentials.new_totp(desk, login)
        print(f"Key for the app: {key}\n{address}", file=sys.stderr, flush=True)
        codes = credentials.confirm_totp(desk, login, read_secret("Code the app shows"))
    show({"login": login, "totp": True, "recovery_codes": codes}, as_json,
         lambda: ["Recovery codes, each good once; keep them on paper:", *codes])  # fmt: skip


@app.command()
@command
def reset(context: typer.Context, login: Login, as_json: Json = False) -> None:
    """Let somebody try again who was locked after ten wrong PINs. Example: staff reset dkim"""
    from deskterm.office import credentials

    with at_desk(context) as desk:
        credentials.reset(desk, login)
    show({"login": login, "locked": False}, as_json, lambda: [f"{login} may try again"])


@app.command()
@command
def sessions(context: typer.Context, as_json: Json = False) -> None:
    """Who is at a desk now. Example: staff sessions"""
    from deskterm.office import sessions as open_sessions

    with at_desk(context) as desk:
        found = open_sessions.live(desk)
    names = ("login", "desk", "origin", "seen_at")
    show([dict(zip(names, row, strict=True)) for row in found], as_json,
         lambda: ["  ".join(part or "here" for part in row) for row in found]
         or ["nobody"])  # fmt: skip


@app.command()
@command
def reviews(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="reviewed ones too")] = False,
    as_json: Json = False,
) -> None:
    """Restricted records opened by break-glass that wait for a review. Example: staff reviews"""
    from deskterm.office import break_glass

    with at_desk(context) as desk:
        found = break_glass.openings(desk, everything=everything)
    show([row.as_dict() for row in found], as_json,
         lambda: [
            f"{r.id:>4} {r.at:%Y-%m-%d %H:%M} {r.login} at {r.desk} #{r.mrn} {r.code}: {r.reason}"
            + ("  OVERDUE" if r.overdue else f"  reviewed by {r.reviewed}" if r.reviewed else "")
            for r in found
        ] or ["nothing waits"])  # fmt: skip


@app.command()
@command
def review(
    context: typer.Context,
    opening: Annotated[int, typer.Argument(metavar="NUMBER")],
    note: Annotated[str, typer.Option(help="what was found")],
    as_json: Json = False,
) -> None:
    """Note that an opening was looked into. Example: staff review 3 --note "on the schedule" """
    from deskterm.office import break_glass

    with at_desk(context) as desk:
        break_glass.review(desk, opening, note=note)
    show({"id": opening}, as_json, lambda: [f"reviewed {opening}"])
