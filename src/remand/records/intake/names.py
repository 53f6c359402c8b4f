"""What columns of jail records are called, and which of them are not kept.

A name is compared by its letters and digits alone: ``Booking_Date``, ``BOOKING DATE`` and
``bookingDate`` are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

FIELDS: dict[str, tuple[str, ...]] = {
    "person": (
        "person", "person id", "person number", "inmate id", "inmate number", "inmate no",
        "inmate", "so number", "so no", "so", "sid", "pid", "pin", "jacket", "jacket number",
        "jacket no", "permanent id", "permanent number", "perm id", "name id", "name number", "mni",
        "subject id", "offender id", "offender number", "defendant id", "detainee id", "client id",
        "individual id", "global subject id", "unique id", "cin", "pfn", "nysid", "ppn",
        "police photo number", "ir number", "id",
    ),
    "booking": (
        "booking", "booking id", "booking number", "booking no", "booking num", "book number",
        "book no", "book id", "bkg number", "bkg no", "jail booking number", "commitment number",
        "commitment id", "commitment no", "incarceration id", "incarceration number", "stay id",
        "custody id", "jail id", "admission id", "admission number", "intake number", "intake id",
        "event id", "reference number",
    ),
    "admitted": (
        "admitted", "admission date time", "admission datetime", "admitted dt", "admission dt",
        "admission date", "admission", "adm date", "adm dt", "adm", "admit date", "admit dt",
        "admit", "date admitted", "booking date time", "booking datetime", "booking date",
        "booking dt", "booked date", "book date", "book dt", "date booked", "booked", "booked on",
        "booked in", "bk date", "in", "date in", "in date", "datein", "in date time",
        "intake date", "intake date time", "intake", "commit date", "commitment date",
        "date committed", "committed", "entry date", "entry", "entered", "date entered",
        "jail in date", "confinement date", "confined", "incarceration date", "date incarcerated",
        "incarcerated", "date received", "received date", "received", "custody start",
        "custody start date", "start date", "start", "start time", "stay start", "from",
    ),
    "released": (
        "released", "release date time", "release datetime", "released dt", "release dt",
        "release date", "release", "rel date", "rel dt", "rel", "date released", "released on",
        "discharge date", "discharged", "discharge", "discharge dt", "date discharged", "out",
        "date out", "out date", "dateout", "out date time", "booked out", "exit date", "exit",
        "jail out date", "departure date", "custody end", "custody end date", "end date", "end",
        "end time", "stay end", "to",
    ),
    "admitted_time": (
        "admission time", "admit time", "booking time", "booked time", "book time", "time booked",
        "time in", "in time", "intake time", "commit time", "entry time",
    ),
    "released_time": (
        "release time", "released time", "rel time", "time released", "time out", "out time",
        "discharge time", "exit time",
    ),
    "first_seen": ("first seen", "first snapshot", "first census", "first date seen", "first day"),
    "last_seen": ("last seen", "last snapshot", "last census", "last date seen", "last day"),
    "day": (
        "day", "date", "snapshot date", "snapshot day", "snapshot", "census date", "census day",
        "as of date", "as of", "report date", "roster date", "file date", "count date",
        "download date", "scrape date", "scraped", "date scraped",
    ),
    "month": ("month", "period", "report month", "year month"),
    "year": ("year", "report year"),
    "quarter": ("quarter", "qtr"),
    "race": (
        "race", "race code", "race desc", "race description", "race ethnicity", "race eth",
        "ethnicity race", "raceethnicity", "inmate race", "ethnicity", "ethnic group",
    ),
    "sex": ("sex", "sex code", "gender", "gender code", "inmate sex", "sex desc"),
    "age": (
        "age", "age at booking", "age at admission", "age at intake", "booking age", "age booked",
        "age years", "current age", "inmate age",
    ),
    "birth_year": ("birth year", "year of birth", "yob", "birthyear"),
    "birth_date": (
        "dob", "date of birth", "birth date", "birthdate", "birth dt", "born", "birthday", "bdate",
    ),
    "charge": (
        "charge", "charge first", "lead charge", "top charge", "most serious charge", "main charge",
        "primary charge", "highest charge", "charge description", "charge desc", "charges",
        "charge code", "charge group", "offense", "offence", "lead offense", "top offense",
        "most serious offense", "primary offense", "offense description", "offense desc",
        "offense code", "offense type", "offense category", "crime", "statute", "violation code",
    ),
    "charge_last": ("charge last", "last charge", "current charge", "final charge"),
    "status": (
        "status", "status first", "legal status", "inmate status", "inmate status code",
        "custody status", "case status", "court status", "status code", "status at booking",
        "sentence status", "sentencing status", "hold type", "jail status", "adjudication status",
    ),
    "status_last": (
        "status last", "last status", "current status", "final status", "status at release",
        "legal status at release", "release status", "released status", "legal status last",
        "last legal status", "final legal status", "status at discharge", "discharge status",
        "inmate status at release", "release legal status", "legal status on release",
    ),
    "release_reason": (
        "release reason", "reason released", "reason for release", "released reason", "rel reason",
        "release type", "release code", "release desc", "release description", "discharge reason",
        "discharge type", "exit reason", "exit type", "released to", "how released", "reason out",
    ),
    "synthetic": ("synthetic",),
    "place": (
        "jurisdiction", "place", "county", "county name", "facility county", "agency", "jail name",
        "census county name",
    ),
    "people": (
        "people", "jail population", "population", "total", "n", "count", "census", "inmates",
        "total population", "total inmates", "in custody", "headcount", "total count",
        "total census", "inmate count", "adp", "average daily population",
    ),
    "axis": ("axis", "dimension", "variable", "breakdown"),
    "level": ("level", "group", "category"),
}  # fmt: skip
"""Fields, and what they are called: the likelier name first."""

PRIVATE = (
    "name", "surname", "fname", "lname", "mname", "initials", "alias", "aka", "address", "street",
    "addr", "ssn",
    "social security", "phone", "telephone", "email", "zip", "zipcode", "photo", "mugshot",
    "license", "dl", "fbi", "passport", "fingerprint", "contact", "emergency",
)  # fmt: skip
"""Words of columns that say who somebody is."""

HEALTH = (
    "health", "medical", "mental", "psych", "psychiatric", "bradh", "brad h", "smi", "diagnosis",
    "medication", "medications", "suicide", "suicidal", "disability", "disabled", "hiv", "aids",
    "pregnant", "pregnancy", "detox", "withdrawal", "addiction", "substance", "overdose",
    "treatment", "clinic", "hospital", "covid", "special needs", "mh",
)  # fmt: skip
"""Words of columns that tell of somebody's health."""

IMMIGRATION = (
    "immigration", "immigrant", "ice", "alien", "citizen", "citizenship", "noncitizen",
    "nationality", "visa", "deport", "deportation", "undocumented", "birth country",
    "country of birth", "birth place", "place of birth", "birthplace", "born in", "foreign born",
    "country of citizenship", "uscis",
)  # fmt: skip
"""Words of columns that tell of somebody's immigration status."""

_WHY_NOT = (
    (PRIVATE, "says who somebody is: never kept", False),
    (HEALTH, "health: dropped unless --keep names it", True),
    (IMMIGRATION, "immigration: dropped unless --keep names it", True),
)
_THINGS = {"facility", "jail", "county", "charge", "offense", "offence", "agency", "court",
           "statute", "crime", "unit", "district"}  # fmt: skip
"""What may have a name that says nothing of a person."""


def words(name: str) -> str:
    """A column's name as words in lower case.

    >>> words("BookingDate"), words("SO #"), words("inmate_status_CODE")
    ('booking date', 'so', 'inmate status code')
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.findall(r"[a-z0-9]+", apart.lower()))


def _bare(name: str) -> str:
    return words(name).replace(" ", "")


_CALLED = {
    _bare(synonym): (field, rank)
    for field, synonyms in reversed(FIELDS.items())
    for rank, synonym in enumerate(synonyms)
}


_SHORT = {"bkg": "booking", "bk": "booking", "rel": "release", "rls": "release",
          "adm": "admission", "dt": "date", "dttm": "date", "datetime": "date", "cd": "code",
          "no": "number", "num": "number", "nbr": "number", "desc": "description",
          "descr": "description", "chg": "charge", "off": "offense", "inm": "inmate"}  # fmt: skip


def _written_out(name: str) -> str:
    """A name in whole words; a date with its time is a date."""
    said = " ".join(_SHORT.get(word, word) for word in words(name).split())
    return said.replace("date time", "date")


_WRITTEN_OUT = {
    _written_out(synonym): (field, 100 + rank)
    for field, synonyms in reversed(FIELDS.items())
    for rank, synonym in reversed(list(enumerate(synonyms)))
}
"""The same in whole words, less sure than a name as it stands."""


def field_of(name: str) -> tuple[str, int] | None:
    """The field a column is, by its name, and how sure: 0 is the likeliest name; or None.

    >>> field_of("ADM"), field_of("in-date"), field_of("shoe size")
    (('admitted', 9), ('admitted', 28), None)
    >>> field_of("Rls Dttm"), field_of("Book Date/Time"), field_of("Race Cd")
    (('released', 101), ('admitted', 119), ('race', 101))
    """
    called = _CALLED.get(_bare(name))
    said = _written_out(name)
    return called or (_WRITTEN_OUT.get(said) if " " in said else None)


_SAY_LITTLE = {"at", "of", "on", "the", "date", "dt", "code", "cd", "id", "no", "num", "number",
               "type", "desc", "description", "time"}  # fmt: skip


def nearest(name: str, fields: Iterable[str]) -> str | None:
    """The field whose names share most words with a column's, abbreviated or not; or None.

    >>> nearest("Legal Sts at Rel", FIELDS), nearest("Off Desc", FIELDS), nearest("cell", FIELDS)
    ('status_last', 'charge', None)
    """
    said = words(name).split()
    best, close = 0.5, None
    for field in fields:
        for synonym in FIELDS[field]:
            other = synonym.split()
            shared = [w for w in said if any(_short_for(w, o) for o in other)]
            if set(shared) <= _SAY_LITTLE:
                continue
            score = len(shared) / max(len(said), len(other))
            if score > best:
                best, close = score, field
    return close


def _short_for(word: str, whole: str) -> bool:
    """Whether a word is another, or is short for it: its first letter, others in their order."""
    if word == whole:
        return True
    letters = iter(whole)
    return 2 < len(word) < len(whole) and word[0] == whole[0] and all(w in letters for w in word)


def kept_out(name: str) -> tuple[str, bool] | None:
    """Why a column is dropped, and whether --keep may keep it; or None.

    >>> kept_out("bradh")
    ('health: dropped unless --keep names it', True)
    >>> kept_out("Last Name")
    ('says who somebody is: never kept', False)
    >>> kept_out("last_seen") is kept_out("race") is None
    True
    """
    said = words(name)
    if said in {"first", "last", "middle"}:
        return _WHY_NOT[0][1:]
    for patterns, reason, may in _WHY_NOT:
        if _mentions(said, patterns) and not (
            patterns is PRIVATE and "name" in said and _THINGS & set(said.split())
        ):
            return reason, may
    return None


def _mentions(said: str, patterns: Iterable[str]) -> bool:
    """Whether the words hold one of the patterns as whole words, or are one written together."""
    padded = f" {said} "
    together = said.replace(" ", "")
    return any(
        f" {p} " in padded
        or together == p.replace(" ", "")
        or (p == "name" and together.endswith("name"))
        for p in patterns
    )
