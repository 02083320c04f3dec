"""Published code lists as the clinic loaded them: ICD-10-CM, HCPCS, its own CPT, and others.

A code's row says from when until when it stood with these words; a change of words ends the row
and begins another, so that an old date of service still finds what was true then. The rows come
from files that the government or a licensee published and are too many for the journal: it keeps
the file (:class:`CodeFile`) with a digest of the rows that followed from it.
"""

from __future__ import annotations

from peewee import Check

from deskterm.db.base import Record
from deskterm.db.fields import Choice, CleanText, Day, Moment, Reference, Whole

SYSTEMS = (
    ("icd10cm", "diagnosis (ICD-10-CM)"), ("hcpcs", "HCPCS level II"), ("cpt", "CPT"),
    ("taxonomy", "provider taxonomy (NUCC)"), ("pos", "place of service"),
    ("payer", "payer id"),
)  # fmt: skip
KINDS = (
    ("code", "code"), ("header", "heading"), ("range", "range of codes"), ("modifier", "modifier"),
)  # fmt: skip


class CodeFile(Record):
    """One file that was imported, by whom, and for CPT under which licence."""

    title = "code file"

    system = Choice(SYSTEMS)
    source = CleanText(40, help_text="whose list, for payer ids: the clearinghouse")
    form = CleanText(40)
    file_name = CleanText(120)
    digest = CleanText(64, help_text="SHA-256 of the file")
    starts_on = Day(help_text="the first day that the list is for")
    licence = CleanText(300, help_text="what the clinic may use the list under")
    counts = CleanText(400, help_text="JSON: listed, added, changed, ended, left out")
    contents = CleanText(64, help_text="SHA-256 of every row of the system afterwards")
    imported_at = Moment()
    by = CleanText(32)


class CodeEntry(Record):
    """One code in one wording. ``place`` is its number in the full-text index: short words first,
    so that the first hits there are the best."""

    title = "code"

    system = Choice(SYSTEMS)
    source = CleanText(40)
    code = CleanText(30)
    label = CleanText(2000)
    also = CleanText(8000, help_text="other names that find it")
    kind = Choice(KINDS)
    starts_on = Day()
    ends_on = Day(null=True)
    notes = CleanText(20000, help_text="JSON: [kind, text] of the tabular list")
    file = Reference(CodeFile, index=False)
    place = Whole(null=True, unique=True)

    class Meta:
        indexes = ((("system", "code", "source", "starts_on"), True),)
        # One that was taken back by a corrected file stood on no day at all.
        constraints = [Check("ends_on IS NULL OR ends_on >= date(starts_on, '-1 day')")]


class CodeWord(Record):
    """A word that the labels hold, to which a misspelt one leads."""

    title = "word of the code lists"

    word = CleanText(80, unique=True)


class CodeWordKey(Record):
    """A word less one letter, or its sound, and the word that it leads to."""

    title = "key of a word"

    key = CleanText(82)
    word = Reference(CodeWord, index=False)

    class Meta:
        indexes = ((("key", "word"), True),)


MODELS = (CodeFile, CodeEntry, CodeWord, CodeWordKey)
# Words of two and three letters are looked up as they are typed, so their beginnings are indexed.
TRIGGERS = (
    """CREATE VIRTUAL TABLE code_search USING fts5(code, label, also, content='', detail='column',
    prefix='2 3', tokenize='unicode61 remove_diacritics 2')""",
)
