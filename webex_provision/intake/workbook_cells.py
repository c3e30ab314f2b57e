"""A cell of a workbook as the text that a person sees in it."""

import re
from datetime import date, datetime, time, timedelta

NOT_CALCULATED = "#NOT-CALCULATED"  # our own word, for a formula without its value
SPREADSHEET_ERRORS = (
    "#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA",
)  # fmt: skip
MOST_DIGITS = 15  # a spreadsheet's number holds no more; what comes after them is lost
# `0000` and `+00000000000`: a format that shows zeros or a plus which the number does not have.
_PADDED = re.compile(r'(?:"(\+)"|\\?(\+))?(0+)\Z')
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


def text_of(value: object, number_format: str | None) -> str:
    """Text as written; numbers without a spreadsheet's decimal point, dates as 2026-01-31, TRUE and FALSE."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number(value, (number_format or "").split(";")[0])
    return _moment(value) if isinstance(value, date | time | timedelta) else str(value)


def _moment(value: date | time | timedelta) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else f"{value.date()} {_clock(value.time())}"
    if isinstance(value, time):
        return _clock(value)
    if isinstance(value, date):
        return value.isoformat()
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")


def is_bare_number(value: object, text: str) -> bool:
    """Whether a cell holds a number that could not keep leading zeros."""
    return isinstance(value, int | float) and not isinstance(value, bool) and not text.startswith(("0", "+"))


def _clock(value: time) -> str:
    return value.strftime("%H:%M:%S" if value.second else "%H:%M")


def _number(value: float, shown: str) -> str:
    if "%" in _QUOTED.sub("", shown):
        return f"{value * 100:.{MOST_DIGITS}g}%"
    if isinstance(value, float) and not (value.is_integer() and abs(value) < 10**MOST_DIGITS):
        return f"{value:.{MOST_DIGITS}g}"
    digits = str(int(value))
    padded = _PADDED.match(shown)
    if padded is None or value < 0:
        return digits
    return (padded.group(1) or padded.group(2) or "") + digits.zfill(len(padded.group(3)))
