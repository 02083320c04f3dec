"""Patients, how to reach them, and whom to speak to about them."""

from __future__ import annotations

from peewee import BooleanField, CompositeKey

from deskterm.db.base import Record, Versioned
from deskterm.db.fields import Choice, CleanText, Day, Moment, Reference, Whole
from deskterm.db.staff import Provider

SEXES = (("F", "female"), ("M", "male"), ("X", "other"), ("U", "unknown"))
PATIENT_STATUSES = (
    ("active", "active"),
    ("deceased", "deceased"),
    ("merged", "merged into another record"),
    ("entered_in_error", "entered in error"),
)
CONTACT_CHANNELS = (
    ("phone", "phone call"),
    ("text", "text message"),
    ("email", "e-mail"),
    ("letter", "letter"),
    ("none", "do not contact"),
)
PHONE_KINDS = (("mobile", "mobile"), ("home", "home"), ("work", "work"), ("other", "other"))
ADDRESS_KINDS = (("home", "home"), ("mailing", "mailing"), ("confidential", "confidential"))


class Patient(Versioned):
    """A person who is seen here. ``*_key`` columns are the names folded for searching."""

    title = "patient"

    mrn = CleanText(20, unique=True, verbose_name="MRN")
    last_name = CleanText(80, verbose_name="Last name", help_text="Legal surname")
    first_name = CleanText(80, verbose_name="First name", help_text="Legal given name")
    middle_name = CleanText(80, verbose_name="Middle")
    suffix = CleanText(12, verbose_name="Suffix", help_text="Jr, Sr, III")
    preferred_name = CleanText(80, verbose_name="Goes by", help_text="What to call them")
    previous_last_name = CleanText(80, verbose_name="Previous name")
    pronunciation = CleanText(80, verbose_name="Say it", help_text="NWIN, not NUH-goo-yen")
    birth_date = Day(verbose_name="Birth date", help_text="031482, 3/14/82 or 14mar82")
    sex = Choice(SEXES, default="U", verbose_name="Sex")
    language = CleanText(12, default="en", verbose_name="Language", help_text="en, es, vi ...")
    interpreter_needed = BooleanField(default=False, verbose_name="Interpreter")
    email = CleanText(254, verbose_name="E-mail")
    contact_channel = Choice(CONTACT_CHANNELS, default="phone", verbose_name="Reach by")
    pcp = CleanText(80, verbose_name="PCP", help_text="Primary care provider")
    pharmacy = CleanText(120, verbose_name="Pharmacy")
    alert = CleanText(200, verbose_name="Alert", help_text="Shown to everyone on the banner")
    provider = Reference(Provider, null=True, verbose_name="Usual provider")
    status = Choice(PATIENT_STATUSES, default="active")
    deceased_on = Day(null=True)
    merged_into = Reference("self", null=True)
    restricted = BooleanField(default=False)
    registered_at = Moment()
    source = CleanText(200, help_text="Where an imported record came from")
    last_key = CleanText(120)
    first_key = CleanText(120)
    birth_day = Whole(default=0, help_text="MMDD of the birth date, for four-digit checks")
    sound_key = CleanText(90, index=True, help_text="how both names sound, and the birth year")
    email_ok_on = Day(null=True, verbose_name="Agreed to e-mail")

    class Meta:
        indexes = (
            (("last_key", "first_key", "birth_date"), False),
            (("first_key", "last_key", "birth_date"), False),
            (("birth_date", "last_key"), False),
        )


class PatientIdentifier(Versioned):
    """A number somebody else gave this person."""

    title = "identifier"
    secret_columns = frozenset({"value"})

    patient = Reference(Patient, index=True)
    system = CleanText(200)
    value = CleanText(120)
    kind = CleanText(40, help_text="MR, SS, DL, PPN ... (HL7 table 0203)")
    tail = CleanText(4, index=True, help_text="its last four letters or digits")
    active = BooleanField(default=True)

    class Meta:
        indexes = ((("system", "value", "patient"), True), (("value",), False))


class PatientPhone(Versioned):
    """A phone number (E.164) and what may be done with it; ``reversed`` finds by last digits."""

    title = "phone"

    patient = Reference(Patient, index=True)
    number = CleanText(20, verbose_name="Phone", help_text="217-555-0142")
    reversed = CleanText(20, index=True)
    kind = Choice(PHONE_KINDS, default="mobile", verbose_name="Type")
    text_ok = BooleanField(default=False, verbose_name="Text ok")
    voice_ok = BooleanField(default=True, verbose_name="Call ok")
    detail_ok = BooleanField(default=False, verbose_name="Detailed message ok")
    consent_on = Day(null=True)
    priority = Whole(default=1)
    ended_on = Day(null=True)


class PatientAddress(Versioned):
    """Where post goes; the confidential one replaces the others wherever it exists."""

    title = "address"

    patient = Reference(Patient, index=True)
    kind = Choice(ADDRESS_KINDS, default="home", verbose_name="Kind")
    line1 = CleanText(100, verbose_name="Address", help_text="418 Elm St")
    line2 = CleanText(100, verbose_name="Apt / unit")
    city = CleanText(60, verbose_name="City")
    state = CleanText(40, verbose_name="State")
    postal_code = CleanText(16, verbose_name="ZIP")
    country = CleanText(40, default="US", verbose_name="Country")
    confirmed_on = Day(null=True)
    ended_on = Day(null=True)


class RelatedPerson(Versioned):
    """Someone beside the patient: whom to call, who pays, and what may be said to them."""

    title = "contact"

    patient = Reference(Patient, index=True)
    name = CleanText(120, verbose_name="Name")
    relationship = CleanText(40, verbose_name="Relation", help_text="spouse, mother, ...")
    phone = CleanText(20, verbose_name="Phone")
    emergency_contact = BooleanField(default=False, verbose_name="Emergency contact")
    guarantor = BooleanField(default=False, verbose_name="Guarantor")
    guardian = BooleanField(default=False, verbose_name="Guardian")
    may_discuss = CleanText(80, verbose_name="May discuss", help_text="appointments, billing")
    ended_on = Day(null=True)


class Acknowledgment(Record):
    """A form given, signed or refused: privacy notice, consent, history."""

    title = "form"

    patient = Reference(Patient, index=True)
    form = CleanText(40)
    version_label = CleanText(20)
    outcome = Choice((("given", "given"), ("signed", "signed"), ("refused", "refused"),
                      ("unable", "unable")))  # fmt: skip
    reason = CleanText(200)
    on = Day(column_name="on_day")
    at = Moment()
    by = CleanText(32)


class SearchName(Record):
    """Each distinct folded word of a surname or given name, so that typos meet few rows."""

    title = "search name"

    word = CleanText(120)
    given = BooleanField(default=False)

    class Meta:
        indexes = ((("word", "given"), True),)


class SearchNameKey(Record):
    """The words that one deleted letter (or none) turns into ``key``; ``~`` begins a sound."""

    title = "search key"

    key = CleanText(120)
    name = Reference(SearchName, column_name="name_id")

    class Meta:
        primary_key = CompositeKey("key", "name")
        without_rowid = True


class PatientNameWord(Record):
    """Words of names beyond legal surname and given name: Garcia-LOPEZ, Joan MARIE, a maiden name.

    ``other`` is the name on the other side (the given name of a surname, and the reverse), so
    that both are found in one range.
    """

    title = "name word"

    word = CleanText(120)
    given = BooleanField(default=False)
    other = CleanText(120)
    patient = Reference(Patient, index=True)

    class Meta:
        primary_key = CompositeKey("word", "given", "other", "patient")
        indexes = ((("other", "given", "word"), False),)
        without_rowid = True


MODELS = (
    Patient, PatientIdentifier, PatientPhone, PatientAddress, RelatedPerson, Acknowledgment,
    SearchName, SearchNameKey, PatientNameWord,
)  # fmt: skip
