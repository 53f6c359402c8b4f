"""Names of counted columns: what they measure, and of whom."""

from __future__ import annotations

from remand.records.intake.names import words

_LEVELS = {
    "unsentenced": ("status", "unsentenced"), "pretrial": ("status", "pretrial"),
    "unconvicted": ("status", "unconvicted"), "sentenced": ("status", "sentenced"),
    "sentnced": ("status", "sentenced"), "convicted": ("status", "convicted"),
    "male": ("sex", "male"), "males": ("sex", "male"), "men": ("sex", "male"),
    "female": ("sex", "female"), "females": ("sex", "female"), "women": ("sex", "female"),
    "felony": ("charge", "felony"), "felonies": ("charge", "felony"),
    "misdemean": ("charge", "misdemeanor"), "misdemeanor": ("charge", "misdemeanor"),
    "misdemeanors": ("charge", "misdemeanor"), "black": ("race", "black"),
    "white": ("race", "white"), "hispanic": ("race", "hispanic"), "latino": ("race", "latino"),
    "asian": ("race", "asian"), "native": ("race", "native"),
}  # fmt: skip
_PREFIXES = {"s": "status", "status": "status", "r": "race", "race": "race", "sex": "sex",
             "gender": "sex", "charge": "charge"}  # fmt: skip
_NOT_THESE = {"housed", "contract", "elsewhere", "highest", "peak", "capacity", "beds", "bed",
              "rated", "lack", "rate", "pct", "percent", "share"}  # fmt: skip

Levels = dict[str, str]


def measure_of(name: str) -> tuple[str, Levels] | None:
    """What a monthly column measures (or nothing: '') and the levels it is of; None: of no use.

    >>> measure_of("avg_daily_pop_unsentenced_male")
    ('adp', {'status': 'unsentenced', 'sex': 'male'})
    >>> measure_of("total_num_persons_booked"), measure_of("shoe_size")
    (('admissions', {}), None)
    >>> measure_of("avg_length_stay_pretrial_release")
    ('stay_release', {'status': 'pretrial'})
    """
    said = words(name).split()
    if set(said) & _NOT_THESE:
        return None
    levels = dict(_LEVELS[word] for word in said if word in _LEVELS)
    has = set(said).__contains__
    average = has("avg") or has("average") or has("mean")
    if (has("length") and has("stay")) or has("alos") or has("los"):
        return "stay_release", levels
    people = has("pop") or has("population") or has("inmate") or has("inmates")
    if has("adp") or (average and people):
        return "adp", levels
    if any(map(has, ("bookings", "booked", "admissions", "admitted", "intakes"))):
        return "admissions", levels
    if has("releases") or has("released"):
        return "releases", levels
    return ("", levels) if levels else None


def level_of(name: str) -> tuple[str, str] | None:
    """The axis and level that a column of a census counts; None: neither can be told.

    >>> level_of("n_black"), level_of("s_CS"), level_of("females"), level_of("n_unique_id")
    (('race', 'black'), ('status', 'CS'), ('sex', 'female'), None)
    """
    prefix, _, rest = name.strip().partition("_")
    if rest and prefix.lower() in _PREFIXES:
        return _PREFIXES[prefix.lower()], rest
    found = [_LEVELS[word] for word in words(name).split() if word in _LEVELS]
    return found[0] if len(found) == 1 else None
