"""
Times in the many forms that dateutil reads, and in forms near them that it does not read or completes from the machine.
"""
import datetime
import warnings

from dateutil.parser import ParserError, UnknownTimezoneWarning, parser, parserinfo
from dateutil.tz import UTC

warnings.simplefilter("ignore", UnknownTimezoneWarning)

DATES = [
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m-%d-%Y", "%d %b %Y", "%d %B %Y",
    "%b %d %Y", "%B %d, %Y", "%d-%b-%Y", "%Y-%b-%d", "%b-%d-%Y", "%d/%b/%Y", "%a, %d %b %Y", "%A, %B %d, %Y", "%a %b %d %Y",
    "%dth of %B %Y", "%d %b of %Y", "%b.%d.%Y", "%y-%m-%d", "%m/%d/%y", "%d %b %y", "%d %b '%y", "%Y-%m", "%b %Y", "%d %b", "%j",
    "%Y-W%V-%u", "%Y%m", "%d", "%Y", "", "%Y %m %d", "%y%m%d", "%m-%d", "AD %Y-%m-%d",
]
CLOCKS = [
    "%H:%M:%S", "%H:%M:%S.%f", "%H:%M:%S,%f", "%H:%M", "%H%M%S", "%H%M", "%H", "%I:%M:%S %p", "%I:%M%p", "%I %p", "%I%p", "%I:%M %p.",
    "%Hh%Mm%Ss", "%H h %M m %S s", "%Hh", "%H hours %M minutes", "%Hh%M", "%H:%M:%S.", "%H:%M.5", "%H.25h", "%H:%M:60", "24:00", "%H:%M a.m.",
    "%H:%M:%S.%f123", "%H:%M A", "", "%H%M%S.%f", "at %H:%M",
]
OFFSETS = [
    "Z", "z", " Z", "UTC", " UTC", " GMT", " utc", "+00:00", " +00:00", "-00:00", "+0000", " +0100", "-05:30", "-0530", " -5", "+5", "+05", "+5:30",
    " +0100 (CET)", " +0000 (UTC)", " -0800 (PST)", " +0300 (GMT)", " UTC+3", " GMT-0500", "GMT+03:00", " UTC +03:00", " EST", " EST-0500",
    " CET", "", "", "+24:00", "+23:59", "+00:99", "+123", "+01:00:00", "Z+01:00", " Z Z", " A", " [UTC]", "[Europe/Berlin]", " +01 00",
]
BETWEEN = ["T", "T", " ", " ", "t", ", ", "  ", "\t", ":", "", " at ", " - ", "\u202f", "_"]


def form(pick):
    """A time in a random form, sometimes with a changed character."""
    moment = datetime.datetime(pick.choice([2013, 2024, 1999, 1000, 987]), pick.randint(1, 12), pick.randint(1, 28))
    moment += datetime.timedelta(seconds=pick.randrange(86_400), microseconds=pick.choice([0, 120_334, 999_999, 500_000]))
    date, clock, offset = (moment.strftime(pick.choice(parts)) for parts in (DATES, CLOCKS, OFFSETS))
    text = pick.choice([date + pick.choice(BETWEEN) + clock + offset] * 5 + [clock + offset + " " + date, clock + " " + date + offset])
    for _ in range(pick.choice([0, 0, 0, 0, 1, 2])):
        at = pick.randrange(len(text) + 1)
        text = pick.choice([
            text[:at] + text[at + 1:], text[:at] + pick.choice(" -:/.,+TZ019amh'(") + text[at:], text.upper(), text.lower(), text + " ",
            text[:at] + text[at:at + 2][::-1] + text[at + 2:],
        ])
    return text


def is_complete(text):
    """Whether the reference reads a time without help from the clock and the zone of the machine."""
    def read(century, default):
        info = parserinfo()
        info._century, info._year = century, century + 50
        found, _ = parser(info)._parse(text)
        moment = parser(info).parse(text, default=default)
        names = [None, *parserinfo.UTCZONE]
        is_comment = found.tzoffset is not None and f"({found.tzname})" in text
        return moment.astimezone(UTC) if (found.tzname in names or is_comment) and moment.tzinfo is not None else None

    try:
        moments = [read(1900, datetime.datetime(1904, 2, 29)), read(2100, datetime.datetime(2117, 5, 17))]
    except (ParserError, OverflowError, ValueError, TypeError, AttributeError):
        return False
    return moments[0] is not None and moments[0] == moments[1] and moments[0].year >= 1000
