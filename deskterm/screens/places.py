"""Where a clerk can be: every screen by name, imported when it is first opened.

Screens open one another by name, so that none has to import the others.
"""

from __future__ import annotations

import importlib
from typing import Any

from textual.screen import Screen

# name -> (module, class). A name that is also a draft's form can be resumed with ``draft=``.
PLACES: dict[str, tuple[str, str]] = {
    "day": ("deskterm.screens.day", "DayScreen"),
    "flow": ("deskterm.screens.flow", "FlowScreen"),
    "patient": ("deskterm.screens.patient", "PatientScreen"),
    "register": ("deskterm.screens.register", "RegisterScreen"),
    "opening": ("deskterm.screens.opening", "OpeningScreen"),
    "cancel": ("deskterm.screens.cancel", "CancelScreen"),
    "check_in": ("deskterm.screens.check_in", "CheckInScreen"),
    "check_out": ("deskterm.screens.check_out", "CheckOutScreen"),
    "payment": ("deskterm.screens.payment", "PaymentScreen"),
    "void": ("deskterm.screens.void", "VoidScreen"),
    "close": ("deskterm.screens.close_day", "CloseDayScreen"),
    "report": ("deskterm.screens.report", "ReportScreen"),
    "account": ("deskterm.screens.account", "AccountScreen"),
    "money_back": ("deskterm.screens.money_back", "MoneyBackScreen"),
    "fee": ("deskterm.screens.fee", "FeeScreen"),
    "plan": ("deskterm.screens.plan", "PlanScreen"),
    "insurance": ("deskterm.screens.insurance", "InsuranceScreen"),
    "family": ("deskterm.screens.family", "FamilyScreen"),
    "adjust": ("deskterm.screens.adjust", "AdjustScreen"),
    "receipt": ("deskterm.screens.receipt", "ReceiptScreen"),
    "charge": ("deskterm.screens.charge", "ChargeScreen"),
    "codes": ("deskterm.screens.codes", "CodesScreen"),
    "code_page": ("deskterm.screens.codes", "CodeScreen"),
    "call": ("deskterm.screens.call", "CallScreen"),
    "next": ("deskterm.screens.next", "NextScreen"),
    "message": ("deskterm.screens.message", "MessageScreen"),
    "jot": ("deskterm.screens.jot", "JotScreen"),
    "history": ("deskterm.screens.history", "HistoryScreen"),
    "break_glass": ("deskterm.screens.break_glass", "BreakGlassScreen"),
    "outbox": ("deskterm.screens.outbox", "OutboxScreen"),
    "refs": ("deskterm.screens.refs", "RefsScreen"),
    "ref_form": ("deskterm.screens.ref_form", "RefFormScreen"),
    "ref_step": ("deskterm.screens.ref_step", "RefStepScreen"),
    "staff": ("deskterm.screens.staff", "StaffScreen"),
    "staff_form": ("deskterm.screens.staff_form", "StaffFormScreen"),
    "eligibility": ("deskterm.screens.eligibility", "EligibilityScreen"),
    "coverage": ("deskterm.screens.coverage", "CoverageScreen"),
    "answer": ("deskterm.screens.answer", "AnswerScreen"),
    "enable": ("deskterm.screens.enable", "EnableScreen"),
    "pin": ("deskterm.screens.proofs", "PinScreen"),
    "code": ("deskterm.screens.proofs", "CodeAppScreen"),
    "recovery": ("deskterm.screens.proofs", "RecoveryScreen"),
    "entry": ("deskterm.screens.history", "EntryScreen"),
    "finder": ("deskterm.screens.finder", "FinderScreen"),
    "held": ("deskterm.screens.held", "HeldScreen"),
    "help": ("deskterm.screens.help", "HelpScreen"),
    "keys": ("deskterm.screens.help", "KeysScreen"),
}


def make(name: str, **given: Any) -> Screen[Any]:
    """A new screen of that name. Raises KeyError for an unknown one."""
    module, kind = PLACES[name]
    screen: Screen[Any] = getattr(importlib.import_module(module), kind)(**given)
    return screen
