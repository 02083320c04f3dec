"""``deskterm coverage plan...``: the insurance plans that the practice knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from deskterm.cli.session import at_desk, command, show
from deskterm.entry.money import parse_cents
from deskterm.errors import Invalid

Json = Annotated[bool, typer.Option("--json", help="print JSON")]


@command
def plans(context: typer.Context, as_json: Json = False) -> None:
    """The plans by code. Example: coverage plans --json"""
    from deskterm.office import coverage

    with at_desk(context) as desk:
        desk.require("view_patients")
        found = coverage.plans(desk)
    show(
        [vars(plan) for plan in found], as_json,
        lambda: [f"{p.code:<12} {p.name:<30} {p.plan_type:<9} {p.payer_name}" for p in found],
    )  # fmt: skip


@command
def plan_add(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="a short code")],
    name: Annotated[str, typer.Option(help="the plan's name")],
    plan_type: Annotated[str, typer.Option("--type", help="HMO, PPO, MEDICARE, WC ...")] = "OTHER",
    payer: Annotated[str, typer.Option(help="the payer's name")] = "",
    payer_id: Annotated[str, typer.Option(help="the payer's id at the clearinghouse")] = "",
    copay: Annotated[str, typer.Option(help="the usual copay")] = "",
    as_json: Json = False,
) -> None:
    """Add a plan. Example: coverage plan-add AETPPO --name "Aetna PPO" --type PPO --copay 25"""
    from deskterm.office import coverage

    values: dict[str, Any] = {"plan_type": plan_type.upper(), "payer_name": payer}
    values |= {"payer_id": payer_id, "copay_cents": parse_cents(copay) if copay else None}
    with at_desk(context) as desk:
        plan = coverage.add_plan(desk, code=code, name=name, **values)
        said = {"id": plan.id, "code": plan.code}
    show(said, as_json, lambda: [f"added {said['code']}"])


@command
def plan_edit(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="the plan's code")],
    pairs: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help="lab=Quest")],
    as_json: Json = False,
) -> None:
    """Change what is known of a plan. Example: coverage plan-edit HUMHMO pcp_required=yes lab=Lab

    Fields: name, payer_name, payer_id, plan_type, copay, phone, auth_phone, claims_address, lab,
    note, services, referral_required, pcp_required, inverted_share, copay_after_deductible,
    family_counts, no_cost_share, active. Yes and no for what is either.
    """
    from deskterm.office import plans as office

    with at_desk(context) as desk:
        plan = office.edit_plan(desk, code, **_values(pairs))
        lines = office.card(desk, plan.code)
    show({"code": code.upper(), "card": lines}, as_json, lambda: lines)


@command
def plan_card(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="the plan's code")],
    as_json: Json = False,
) -> None:
    """What a plan needs, in words. Example: coverage plan-card HUMHMO"""
    from deskterm.office import plans as office

    with at_desk(context) as desk:
        lines = office.card(desk, code)
    show({"code": code.upper(), "card": lines}, as_json, lambda: lines)


_FLAGS = {"referral_required", "pcp_required", "inverted_share", "copay_after_deductible",
          "family_counts", "no_cost_share", "active"}  # fmt: skip
_TEXTS = {"name", "payer_name", "payer_id", "plan_type", "phone", "auth_phone", "claims_address",
          "lab", "note", "services"}  # fmt: skip
_YES = {"yes": True, "y": True, "1": True, "no": False, "n": False, "0": False}


def _values(pairs: Sequence[str]) -> dict[str, Any]:
    """``FIELD=VALUE`` as columns of a plan. Raises Invalid."""
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise Invalid("Write FIELD=VALUE", "For example lab=Quest", field=name[:20])
        if name in _FLAGS:
            if text.lower() not in _YES:
                raise Invalid("Say yes or no", f"For example {name}=yes", field=name)
            values[name] = _YES[text.lower()]
        elif name == "copay":
            values["copay_cents"] = parse_cents(text) if text else None
        elif name in _TEXTS:
            values[name] = text.upper() if name in ("plan_type", "services") else text
        else:
            raise Invalid(f"{name[:20]} is not a field of a plan", "See --help", field=name[:20])
    return values
