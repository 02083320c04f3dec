"""What an entry of the journal says to people: words instead of names of operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WORDS: Mapping[str, str] = {
    "clinic.init": "made the clinic",
    "clinic.settings": "changed the clinic's settings",
    "clinic.backup": "made a backup",
    "clinic.restore": "put a backup in place",
    "staff.add": "added a staff member",
    "staff.edit": "changed a staff member",
    "staff.role": "changed somebody's role",
    "staff.disable": "disabled somebody",
    "staff.enable": "enabled somebody",
    "role.permit": "let a role do more",
    "role.forbid": "let a role do less",
    "staff.link": "linked somebody to a provider's column",
    "staff.key_add": "enrolled an SSH key",
    "staff.key_revoke": "revoked an SSH key",
    "schedule.template": "changed hours",
    "schedule.exception": "changed a day's hours",
    "schedule.horizon": "laid out free time",
    "schedule.hold": "held a slot",
    "data.import": "imported records",
    "codes.import": "imported a list of codes",
    "data.export": "exported",
    "data.print": "printed",
    "patient.view": "opened the record",
    "patient.reveal": "looked at a masked number",
    "patient.find": "searched",
    "patient.register": "registered the patient",
    "patient.edit": "changed the registration",
    "patient.confirm": "confirmed the registration",
    "patient.form": "noted a form",
    "coverage.plan": "changed an insurance plan",
    "coverage.add": "added insurance",
    "coverage.edit": "changed insurance",
    "coverage.end": "ended insurance",
    "coverage.case": "noted an accident's policy",
    "coverage.questionnaire": "asked who pays before Medicare",
    "coverage.order": "put insurance in order",
    "eligibility.ask": "asked a payer",
    "eligibility.answer": "kept a payer's answer",
    "eligibility.note": "noted what a payer said",
    "eligibility.failed": "noted that a payer did not answer",
    "eligibility.assign": "gave somebody insurance to verify",
    "appointment.book": "booked a visit",
    "appointment.move": "moved a visit",
    "appointment.cancel": "cancelled a visit",
    "appointment.confirm": "noted a confirmation",
    "appointment.note": "changed a visit's note",
    "appointment.reinstate": "put a visit back",
    "appointment.undo_book": "took a booking back",
    "appointment.undo_move": "took a move back",
    "visit.arrive": "noted an arrival",
    "visit.check_in": "checked in",
    "visit.room": "roomed",
    "visit.with_provider": "noted: with the provider",
    "visit.ready": "noted: ready to go",
    "visit.check_out": "checked out",
    "visit.no_show": "noted a no-show",
    "visit.left": "noted: left without being seen",
    "visit.undo": "took a step of a visit back",
    "visit.note": "wrote a note on a visit",
    "visit.walk_in": "took a walk-in",
    "payment.charge": "posted a charge",
    "payment.take": "took a payment",
    "payment.not_collected": "noted why nothing was collected",
    "payment.void": "voided a payment",
    "payment.apply_credit": "applied a credit",
    "payment.correct": "corrected a payment",
    "payment.refund": "refunded",
    "payment.returned": "noted a returned payment",
    "payment.insurance": "posted what a plan paid",
    "instalments.set_up": "set up a payment plan",
    "instalments.end": "ended a payment plan",
    "account.guarantor": "said who pays for whom",
    "mail.consent": "noted whether e-mail is agreed to",
    "mail.receipt": "had a receipt e-mailed",
    "mail.outcome": "noted what came of an e-mail",
    "charge.post": "posted charges",
    "charge.adjust": "adjusted a charge",
    "charge.transfer": "moved a charge to another payer",
    "fee.set": "changed a fee",
    "shift.open": "opened a drawer",
    "shift.count": "counted a drawer",
    "shift.close": "closed a drawer",
    "shift.hand_over": "handed a drawer over",
    "shift.move_cash": "moved cash",
    "day.close": "closed the day",
    "day.approve": "approved the day",
    "day.deposit": "noted the deposit",
    "day.freeze": "froze the day",
    "day.thaw": "let the day go on",
    "day.reopen": "opened a closed day again",
    "authorization.request": "noted that an authorization is needed",
    "authorization.edit": "changed an authorization",
    "authorization.gather": "began to gather papers for an authorization",
    "authorization.submit": "asked the payer for an authorization",
    "authorization.pend": "noted what the payer wants",
    "authorization.decide": "noted the payer's decision",
    "authorization.appeal": "appealed a decision",
    "authorization.extend": "extended an authorization",
    "authorization.void": "ended an authorization",
    "authorization.note": "wrote a note on an authorization",
    "authorization.use": "used units of an authorization",
    "authorization.release": "took used units back",
    "authorization.link": "chose what covers a visit",
    "authorization.unlink": "let a visit go without cover",
    "authorization.rule": "changed what a plan wants",
    "referral.order": "noted a referral",
    "referral.edit": "changed a referral",
    "referral.send": "sent a referral",
    "referral.receive": "noted that a referral was received",
    "referral.schedule": "noted the visit of a referral",
    "referral.complete": "noted that they were seen",
    "referral.report": "noted a referral's report",
    "referral.review": "reviewed a referral's report",
    "referral.expire": "ended an unused referral",
    "referral.void": "took a referral off",
    "referral.note": "wrote a note on a referral",
    "message.take": "took a message",
    "message.read": "read a message",
    "message.acknowledge": "acknowledged a message",
    "message.progress": "worked on a message",
    "message.forward": "sent a message on",
    "message.close": "closed a message",
    "message.take_back": "took a message back",
    "message.reopen": "opened a message again",
    "connection.add": "set a connection to a payer up",
    "connection.edit": "changed a connection to a payer",
    "outbox.add": "put a transaction into the outbox",
    "outbox.sent": "sent a transaction in a batch",
    "outbox.answer": "got a payer's answer",
    "outbox.failed": "noted that sending failed",
    "outbox.handled": "took a payer's answer in",
    "outbox.retry": "had a transaction sent again",
    "outbox.give_up": "gave a transaction up",
    "list.view": "saw in a list",
    "access.refused": "was refused",
    "session.start": "signed in",
    "session.end": "signed out",
    "session.lock": "locked the desk",
    "session.unlock": "unlocked the desk",
    "credential.own": "changed their own PIN",
    "credential.set": "set somebody's PIN",
    "credential.totp": "set a code app up",
    "credential.reset": "reset somebody's PIN",
    "credential.failed": "typed a wrong PIN or code",
    "patient.break_glass": "BROKE THE GLASS on a restricted record",
    "patient.review_access": "reviewed a break-glass",
    "patient.restrict": "restricted the record",
    "patient.unrestrict": "took a restriction off",
    "session.refused": "failed to sign in",
    "journal.view": "looked at who looked",
    "journal.anchor": "anchored the journal",
    "journal.review": "signed off the activity review",
}
_QUIET = {"version", "last_key", "first_key", "birth_day", "sound_key", "reversed", "tail", "id"}
_TELLS_FIELDS = {
    "patient.edit", "patient.confirm", "coverage.edit", "coverage.plan", "clinic.settings",
    "staff.add",
}  # fmt: skip
# Entries that tell of a look and not of a change.
LOOKS = frozenset({"patient.view", "patient.reveal", "patient.find", "list.view", "journal.view"})


def words(operation: str) -> str:
    """The words for an operation; its own name in plain letters when it has none."""
    return WORDS.get(operation, operation.replace(".", ": ").replace("_", " "))


def sentence(operation: str, changes: Sequence[Mapping[str, Any]]) -> str:
    """What was done, with where it was seen, what was searched or which fields changed."""
    said = words(operation)
    first = changes[0] if changes else {}
    if first.get("text"):
        return f'{said} "{first["text"]}"'
    if first.get("asked"):
        return f"{said}: {words(str(first['asked']))}"
    if first.get("on"):
        return f"{said} ({first['on']})"
    if operation not in _TELLS_FIELDS:
        return said
    names = {
        name
        for change in changes
        if change.get("before") is not None
        for name in (change.get("after") or {})
    }
    shown = sorted(name.removesuffix("_id").replace("_", " ") for name in names - _QUIET)
    if not shown:
        return said
    more = f" and {len(shown) - 4} more" if len(shown) > 4 else ""
    return f"{said}: {', '.join(shown[:4])}{more}"
