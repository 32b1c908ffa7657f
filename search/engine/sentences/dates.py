"""Rules for when a clip was added: "since Monday", "from last week's session", "before May 2026"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from search.engine.sentences.lengths import NUMBER, NUMBERS
from search.engine.sentences.scan import BREAK, START, Scan

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTH: Final = "(?P<month>" + "|".join(rf"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + r")(?!\w)"
_WEEKDAY: Final = "(?:" + "|".join(_WEEKDAYS) + r")(?!\w)"
_YEAR: Final = r"(?:19|20)\d\d(?![\w-])"
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?!\w)"
_DAY2: Final = _DAY.replace("day", "day2")
_SPAN: Final = r"(?:hours?|days?|weeks?|months?|years?)(?!\w)"
_NEAR: Final = (
    r"(?P<near>today|yesterday)(?!\w)"
    r"|(?:the\s+)?(?P<which>this|last|past|previous)\s+(?P<span>week|month|year)(?!\w)"
    rf"|(?P<ago>{NUMBER})\s+(?P<agospan>{_SPAN})\s+ago(?!\w)"
)
"""Unambiguous dates. A month or a weekday may also be part of a sound's name."""
_DATE: Final = (
    rf"(?:(?P<iso>\d{{4}}-\d\d-\d\d)|{_NEAR}"
    rf"|(?:(?:last|this)\s+)?(?P<weekday>{_WEEKDAY})"
    rf"|(?:the\s+)?{_DAY}\s+(?:of\s+)?{_MONTH}(?:,?\s+(?P<year>{_YEAR}))?"
    rf"|{_MONTH.replace('month', 'month2')}(?:\s+{_DAY2})?(?:,?\s+(?P<year2>{_YEAR}))?"
    rf"|(?P<year3>{_YEAR}))"
)
_ADDED: Final = (
    r"(?:(?:that|which)\s+)?(?:(?:i|we|you|was|were|has|have|had|been|i've|we've|just|newly)\s+)*"
    r"(?:added|imported|uploaded|indexed)(?:\s+to\s+the\s+library)?\s+"
)
_NOUN: Final = (
    r"(?:'s)?(?:\s+(?:session|sessions|recordings?|files?|uploads?|imports?|takes?|shoot|batch)(?:\s+of(?=\s))?)?"
)
_NOT: Final = r"(?P<not>not\s+|nothing\s+)?"


class _Calendar:
    """Dates as seen from a moment, in its time zone."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.today = now.replace(hour=0, minute=0, second=0, microsecond=0)

    def interval(self, match: re.Match[str]) -> tuple[datetime, datetime] | None:
        """Return the start (inclusive) and end (exclusive) of the date in a match; None if the date does not exist."""
        try:
            return self._interval(match.groupdict())
        except (ValueError, OverflowError):
            return None

    def _interval(self, match: dict[str, str | None]) -> tuple[datetime, datetime] | None:
        day = timedelta(days=1)
        if span := match["span"]:
            return self._span(span, back=0 if match["which"] == "this" else 1)
        start = None
        if iso := match.get("iso"):
            start = datetime.fromisoformat(iso).replace(tzinfo=self.now.tzinfo)
        elif near := match["near"]:
            start = self.today - (day if near == "yesterday" else timedelta())
        elif (ago := match["ago"]) and (span := match["agospan"]):
            start = self.before(ago, span)
        if start is not None:
            return start, start + day
        if weekday := match.get("weekday"):
            back = (self.today.weekday() - _WEEKDAYS.index(weekday) - 1) % 7 + 1
            return self.today - back * day, self.today - (back - 1) * day
        return self._month_or_year(match) if "month" in match else None

    def _month_or_year(self, match: dict[str, str | None]) -> tuple[datetime, datetime] | None:
        year = match["year"] or match["year2"] or match["year3"]
        if month := match["month"] or match["month2"]:
            number = next(place for place, name in enumerate(_MONTHS, start=1) if name.startswith(month[:3]))
            return self._month(number, match["day"] or match["day2"], year)
        return self._year(int(year)) if year and 2000 <= int(year) <= self.now.year else None

    def _span(self, span: str, back: int) -> tuple[datetime, datetime]:
        if span == "week":
            start = self.today - timedelta(days=self.today.weekday() + 7 * back)
            return start, start + timedelta(days=7)
        if span == "year":
            return self._year(self.now.year - back)
        start = self.today.replace(day=1)
        if back:
            start = (start - timedelta(days=1)).replace(day=1)
        return start, (start + timedelta(days=32)).replace(day=1)

    def _year(self, year: int) -> tuple[datetime, datetime]:
        start = self.today.replace(year=year, month=1, day=1)
        return start, start.replace(year=year + 1)

    def _month(self, month: int, day: str | None, year: str | None) -> tuple[datetime, datetime]:
        start = self.today.replace(year=int(year or self.now.year), month=month, day=int(day or 1))
        if year is None and start > self.today:
            start = start.replace(year=start.year - 1)
        if day:
            return start, start + timedelta(days=1)
        return start, (start + timedelta(days=32)).replace(day=1)

    def before(self, number: str, span: str) -> datetime:
        """Return the date that many days, weeks, months or years before today, or hours before now."""
        count = NUMBERS[number] if number in NUMBERS else float(number)
        name = span.rstrip("s")
        if name == "hour":
            return self.now - timedelta(hours=count)
        if name in ("day", "week"):
            return self.today - timedelta(days=int(count) * (7 if name == "week" else 1))
        months = self.today.year * 12 + self.today.month - 1 - int(count) * (12 if name == "year" else 1)
        year, month = divmod(months, 12)
        last = (datetime(year + month // 11, (month + 1) % 12 + 1, 1, tzinfo=UTC) - timedelta(days=1)).day
        return self.today.replace(year=year, month=month + 1, day=min(self.today.day, last))

    def written(self, moment: datetime) -> str:
        """Return a moment in the ``--where`` language, in which dates are UTC unless they have an offset."""
        if moment.utcoffset():
            return f"'{moment.isoformat(timespec='minutes')}'"
        is_day = moment.hour == moment.minute == moment.second == moment.microsecond == 0
        return f"'{moment:%Y-%m-%d}'" if is_day else f"'{moment:%Y-%m-%dT%H:%M}'"


def read(scan: Scan, now: datetime) -> None:
    """Take every date that says when clips were added. A month or weekday that is part of a name stays."""
    calendar = _Calendar(now)
    _relative(scan, calendar)
    any_time = rf"(?:{_ADDED})?"
    forms = (
        ("since", rf"{START}{any_time}since\s+{_DATE}"),
        ("before", rf"{START}{any_time}(?:before|prior\s+to)\s+{_DATE}"),
        ("after", rf"{START}{any_time}after\s+{_DATE}"),
        ("in", rf"{START}{_NOT}{_ADDED}(?:(?:from|in|on|during)\s+)?{_DATE}{_NOUN}"),
        ("in", rf"{START}{_NOT}from\s+{_DATE}{_NOUN}"),
        ("in", rf"{START}{_NOT}(?:(?:of|in)\s+)?(?:{_NEAR}){_NOUN}(?=\s*(?:{BREAK}|$))"),
        ("in", rf"{START}(?:{_NEAR})'s{_NOUN}"),
    )
    for form, pattern in forms:
        for match in scan.matches(pattern):
            interval = calendar.interval(match)
            if interval is not None:
                scan.take(match, "filter", _filter(form, interval, calendar, match))


def _filter(form: str, interval: tuple[datetime, datetime], calendar: _Calendar, match: re.Match[str]) -> str:
    start, end = calendar.written(interval[0]), calendar.written(interval[1])
    match form:
        case "since":
            return f"added >= {start}"
        case "before":
            return f"added < {start}"
        case "after":
            return f"added >= {end}"
    inside = f"added >= {start} and added < {end}"
    return f"not ({inside})" if match.groupdict().get("not") else inside


def _relative(scan: Scan, calendar: _Calendar) -> None:
    number = rf"(?P<number>{NUMBER})\s+(?P<span>{_SPAN})"
    newer = (
        rf"{START}(?:{_ADDED})?(?:(?:from|in|within|during|over)\s+)?(?:the\s+)?(?:last|past)\s+{number}",
        rf"{START}newer\s+than\s+{number}",
        rf"{START}{_ADDED}(?:less\s+than|within)\s+{number}(?:\s+ago)?",
    )
    older = (rf"{START}older\s+than\s+{number}", rf"{START}{_ADDED}(?:more\s+than|over)\s+{number}(?:\s+ago)?")
    for sign, patterns in ((">=", newer), ("<", older)):
        for pattern in patterns:
            for match in scan.matches(pattern):
                moment = calendar.written(calendar.before(match["number"], match["span"]))
                scan.take(match, "filter", f"added {sign} {moment}")
