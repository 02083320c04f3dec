"""Every operation of the office and the permission it needs; and what each role may do.

An operation missing here cannot run: ``desk.operation`` refuses a name it does not find.
"""

from __future__ import annotations

# operation -> permission
OPERATIONS: dict[str, str] = {
    "clinic.init": "administer",
    "clinic.settings": "administer",
    "staff.add": "administer",
    "schedule.template": "manage_schedule",
    "schedule.exception": "manage_schedule",
    "schedule.horizon": "view_schedule",
    "data.import": "import_data",
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
    "message.take": "messages",
    "message.read": "messages",
    "message.acknowledge": "messages",
    "message.progress": "messages",
    "message.forward": "messages",
    "message.close": "messages",
    "message.reopen": "messages",
}

# What is noted though it changes no record: no permission of its own, the look had one.
NOTED: frozenset[str] = frozenset(
    {"patient.view", "patient.find", "list.view", "access.refused", "session.sign_in",
     "session.sign_out", "session.blank", "session.refused", "journal.view",
     "data.export", "data.print", "clinic.backup", "clinic.restore"}
)  # fmt: skip

# permissions needed only to look
VIEWS: frozenset[str] = frozenset(
    {"view_patients", "view_schedule", "view_money", "view_messages", "view_journal", "backup"}
)

_DESK = {
    "view_patients", "view_schedule", "view_money", "view_messages", "edit_patients", "book",
    "overbook", "run_visits", "take_payments", "void_payments", "messages",
}  # fmt: skip

# What init writes into role_permission; afterwards the rows there decide.
ROLES: dict[str, frozenset[str]] = {
    "front_desk": frozenset(_DESK),
    "biller": frozenset(
        {"view_patients", "view_schedule", "view_money", "view_messages", "edit_patients",
         "take_payments", "void_payments", "refund_payments", "adjust_charges", "messages"}
    ),
    "clinician": frozenset(
        {"view_patients", "view_schedule", "view_messages", "run_visits", "messages"}
    ),
    "manager": frozenset(
        {*_DESK, "manage_schedule", "view_journal", "import_data", "refund_payments",
         "adjust_charges", "close_day", "approve_day", "reopen_day"}
    ),
    "privacy_officer": frozenset(
        {"view_patients", "view_schedule", "view_messages", "view_journal"}
    ),
    "administrator": frozenset(
        {*_DESK, "manage_schedule", "administer", "backup", "import_data", "view_journal",
         "refund_payments", "adjust_charges", "close_day", "approve_day", "reopen_day"}
    ),
}  # fmt: skip


def permission_of(operation: str) -> str:
    """The permission that ``operation`` needs. Raises KeyError for an unknown operation."""
    return OPERATIONS[operation]
