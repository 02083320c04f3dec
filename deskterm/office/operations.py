"""Every operation of the office and the permission it needs; and what each role may do.

An operation missing here cannot run: ``desk.operation`` refuses a name it does not find.
"""

from __future__ import annotations

from dataclasses import dataclass

# operation -> permission
OPERATIONS: dict[str, str] = {
    "clinic.init": "administer",
    "clinic.settings": "administer",
    "staff.key_add": "administer",
    "staff.key_revoke": "administer",
    "staff.add": "manage_staff",
    "staff.edit": "manage_staff",
    "staff.role": "manage_staff",
    "staff.disable": "manage_staff",
    "staff.enable": "manage_staff",
    "role.permit": "manage_staff",
    "role.forbid": "manage_staff",
    "credential.own": "sign_in",
    "credential.set": "manage_staff",
    "credential.totp": "manage_staff",
    "credential.reset": "reset_credentials",
    "credential.failed": "sign_in",
    "session.start": "sign_in",
    "session.end": "sign_in",
    "session.lock": "sign_in",
    "session.unlock": "sign_in",
    "patient.break_glass": "break_glass",
    "patient.review_access": "review_access",
    "patient.restrict": "restrict_patients",
    "patient.unrestrict": "restrict_patients",
    "staff.link": "manage_staff",
    "schedule.template": "manage_schedule",
    "schedule.exception": "manage_schedule",
    # Upkeep of a table of free times, which shows nobody: whoever opens the first desk of a day.
    "schedule.horizon": "sign_in",
    "data.import": "import_data",
    "codes.import": "import_data",
    "journal.anchor": "view_journal",
    "journal.review": "view_journal",
    "patient.view": "view_patients",
    "patient.register": "edit_patients",
    "patient.edit": "edit_patients",
    "patient.confirm": "edit_patients",
    "patient.form": "edit_patients",
    "coverage.plan": "edit_patients",
    "coverage.add": "edit_patients",
    "coverage.edit": "edit_patients",
    "coverage.end": "edit_patients",
    "coverage.case": "edit_patients",
    "coverage.questionnaire": "edit_patients",
    "coverage.order": "edit_patients",
    "eligibility.ask": "edit_patients",
    "eligibility.answer": "edit_patients",
    "eligibility.note": "edit_patients",
    "eligibility.failed": "edit_patients",
    "eligibility.assign": "edit_patients",
    "appointment.book": "book",
    "appointment.move": "book",
    "appointment.cancel": "book",
    "appointment.confirm": "book",
    "appointment.note": "book",
    "appointment.reinstate": "book",
    "appointment.undo_book": "book",
    "appointment.undo_move": "book",
    "schedule.hold": "book",
    "visit.arrive": "run_visits",
    "visit.check_in": "run_visits",
    "visit.room": "run_visits",
    "visit.with_provider": "run_visits",
    "visit.ready": "run_visits",
    "visit.check_out": "run_visits",
    "visit.no_show": "run_visits",
    "visit.left": "run_visits",
    "visit.undo": "run_visits",
    "visit.note": "run_visits",
    "visit.walk_in": "run_visits",
    "payment.charge": "take_payments",
    "payment.take": "take_payments",
    "payment.not_collected": "take_payments",
    "payment.void": "void_payments",
    "payment.refund": "refund_payments",
    "payment.correct": "void_payments",
    "payment.returned": "refund_payments",
    "payment.apply_credit": "take_payments",
    "payment.insurance": "adjust_charges",
    "instalments.set_up": "take_payments",
    "instalments.end": "take_payments",
    "account.guarantor": "edit_patients",
    "mail.consent": "take_payments",
    "mail.receipt": "take_payments",
    "mail.outcome": "take_payments",
    "charge.post": "take_payments",
    "charge.adjust": "adjust_charges",
    "charge.transfer": "adjust_charges",
    "fee.set": "adjust_charges",
    "shift.open": "take_payments",
    "shift.hand_over": "take_payments",
    "shift.move_cash": "take_payments",
    "shift.count": "take_payments",
    "shift.close": "take_payments",
    "day.freeze": "close_day",
    "day.thaw": "close_day",
    "day.close": "close_day",
    "day.approve": "approve_day",
    "day.reopen": "reopen_day",
    "day.deposit": "take_payments",
    "authorization.request": "authorizations",
    "authorization.edit": "authorizations",
    "authorization.gather": "authorizations",
    "authorization.submit": "authorizations",
    "authorization.pend": "authorizations",
    "authorization.decide": "authorizations",
    "authorization.appeal": "authorizations",
    "authorization.extend": "authorizations",
    "authorization.void": "authorizations",
    "authorization.note": "authorizations",
    "authorization.use": "authorizations",
    "authorization.release": "authorizations",
    "authorization.link": "authorizations",
    "authorization.unlink": "authorizations",
    "authorization.rule": "authorization_rules",
    "referral.order": "authorizations",
    "referral.edit": "authorizations",
    "referral.send": "authorizations",
    "referral.receive": "authorizations",
    "referral.schedule": "authorizations",
    "referral.complete": "authorizations",
    "referral.report": "authorizations",
    "referral.review": "authorizations",
    "referral.expire": "authorizations",
    "referral.void": "authorizations",
    "referral.note": "authorizations",
    "message.take": "messages",
    "message.read": "messages",
    "message.acknowledge": "messages",
    "message.progress": "messages",
    "message.forward": "messages",
    "message.close": "messages",
    "message.reopen": "messages",
    "message.take_back": "messages",
    "connection.add": "administer",
    "connection.edit": "administer",
    "outbox.add": "edit_patients",
    "outbox.sent": "edit_patients",
    "outbox.answer": "edit_patients",
    "outbox.failed": "edit_patients",
    "outbox.handled": "edit_patients",
    "outbox.retry": "edit_patients",
    "outbox.give_up": "edit_patients",
}

# What may be done at a locked desk: proving who one is, and what keeps track of that.
WHILE_LOCKED: frozenset[str] = frozenset(
    {"credential.own", "credential.failed", "session.start", "session.end", "session.lock",
     "session.unlock"}
)  # fmt: skip


@dataclass(frozen=True)
class Dual:
    """An operation that two people do. ``permission`` is what the second must hold as well.

    ``alone`` names the policy setting that lets a person undo their own work alone; empty: never.
    """

    permission: str
    alone: str = ""


# operation -> who must agree. What a contract with a plan takes off needs nobody.
DUAL: dict[str, Dual] = {
    "payment.void": Dual("void_payments", "own_void_alone"),
    "payment.correct": Dual("void_payments", "own_void_alone"),
    "payment.refund": Dual("refund_payments"),
    "charge.adjust": Dual("adjust_charges"),
    "day.reopen": Dual("reopen_day"),
    "staff.add": Dual("manage_staff"),
    "staff.role": Dual("manage_staff"),
    "staff.enable": Dual("manage_staff"),
    "credential.set": Dual("manage_staff"),
    "credential.totp": Dual("manage_staff"),
    "role.permit": Dual("manage_staff"),
    "role.forbid": Dual("manage_staff"),
}

# Whoever holds one of these can see everybody's records or decide who may do what: nobody is
# given them by one person alone. What lifts somebody up is asked of two in ``office/staff.py``
# and ``office/credentials.py``, as soon as there are two.
POWERFUL: frozenset[str] = frozenset(
    {"administer", "manage_staff", "view_journal", "open_restricted", "review_access",
     "restrict_patients", "backup", "verify_journal"}
)  # fmt: skip

# What is noted though it changes no record: no permission of its own, the look had one.
NOTED: frozenset[str] = frozenset(
    {"patient.view", "patient.find", "list.view", "access.refused", "session.refused",
     "journal.view", "patient.reveal", "data.export", "data.print", "clinic.backup",
     "clinic.restore"}
)  # fmt: skip

# permissions needed only to look
VIEWS: frozenset[str] = frozenset(
    {"view_patients", "view_schedule", "view_money", "view_messages", "view_journal",
     "view_staff_journal", "verify_journal", "open_restricted", "open_with_visit", "backup",
     "override_authorization"}
)  # fmt: skip

_DESK = {
    "sign_in", "view_patients", "view_schedule", "view_money", "view_messages", "edit_patients",
    "book", "overbook", "run_visits", "take_payments", "void_payments", "messages", "break_glass",
    "authorizations",
}  # fmt: skip
_MANAGER = {
    *_DESK, "manage_schedule", "manage_staff", "reset_credentials", "view_staff_journal",
    "import_data", "restrict_patients", "refund_payments", "adjust_charges", "close_day",
    "approve_day", "reopen_day", "authorization_rules", "override_authorization",
}  # fmt: skip
_ADMINISTRATOR = {
    "sign_in", "administer", "manage_staff", "reset_credentials", "backup", "verify_journal",
}  # fmt: skip

# What init writes into role_permission; afterwards the rows there decide. The administrator
# looks after the machine and sees no patient; the owner is whoever sets the clinic up, and may
# do everything until there is somebody for each of the other roles.
ROLES: dict[str, frozenset[str]] = {
    "front_desk": frozenset(_DESK),
    "biller": frozenset(
        {"sign_in", "view_patients", "view_schedule", "view_money", "view_messages",
         "edit_patients", "take_payments", "void_payments", "refund_payments", "adjust_charges",
         "messages", "break_glass", "authorizations", "override_authorization"}
    ),
    "clinician": frozenset(
        {"sign_in", "view_patients", "view_schedule", "view_messages", "book", "run_visits",
         "messages", "break_glass", "open_with_visit", "authorizations",
         "override_authorization"}
    ),
    "manager": frozenset(_MANAGER),
    "privacy_officer": frozenset(
        {"sign_in", "view_patients", "view_schedule", "view_messages", "view_journal",
         "verify_journal", "open_restricted", "review_access", "restrict_patients"}
    ),
    "administrator": frozenset(_ADMINISTRATOR),
    "owner": frozenset({*_MANAGER, *_ADMINISTRATOR, "view_journal", "review_access"}),
}  # fmt: skip


def permission_of(operation: str) -> str:
    """The permission that ``operation`` needs. Raises KeyError for an unknown operation."""
    return OPERATIONS[operation]
