"""Cells to values: scores to 0..1, times to UTC, and what counts as a meaningful answer."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

_NON_ANSWERS = frozenset(
    ["na", "n/a", "n.a", "none", "nil", "no", "nothing", "ok", "okay", "k", "yes", "y", "n", "-", "--", ".", "..", "...", "?", "x", "xx", "xxx", "test", "idk", "dunno", "null", "nan", "same", "asdf"]
) | {
    "no comment", "no comments", "nothing to add", "nothing else", "not applicable", "none really",
    "see above", "as above", "no reason", "nothing really", "don't know", "dont know", "no idea",
    "nothing at all", "no answer",
}  # fmt: skip


def is_meaningful(text: str) -> bool:
    """Whether a text says anything that could be labelled.

    >>> [is_meaningful(t) for t in ("n/a", "...", "No comment.", "Late", "👍")]
    [False, False, False, True, False]
    """
    plain = re.sub(r"\s+", " ", text).strip().lower().strip(".!,; ")
    return sum(c.isalpha() for c in plain) >= 2 and plain not in _NON_ANSWERS


_CELL = 100  # characters of a cell that may be a number or a time
_NUMBER = re.compile(
    r"^\s*(-?\d+(?:[.,]\d+)?)\s*(?:(?:/|out of|von|of)\s*\d+|[-–:=(]\s*\D.*|stars?|\*)?\s*$", re.I
)


def numbers_of(values: pd.Series) -> pd.Series:
    """Cells as numbers, also where an export writes words beside them; other cells are null.

    >>> numbers_of(pd.Series(["10 - Extremely likely", "9/10", "4 stars", "Promoter", 7])).tolist()
    [10.0, 9.0, 4.0, nan, 7.0]
    """

    def number(cell: object) -> float:
        found = _NUMBER.match(as_text(cell)[:_CELL])
        number = float(found.group(1).replace(",", ".")) if found else np.nan
        return number if np.isfinite(number) else np.nan

    try:
        plain = pd.to_numeric(values, errors="coerce").astype(float)
    except (OverflowError, TypeError):  # an integer of hundreds of digits, or an object
        plain = pd.Series(np.nan, values.index)
    return plain.where(plain.notna(), values.map(number).astype(float))


_ON_SCALE = 0.9  # share of the scores that a scale must hold, of those that any holds


def to_unit(values: pd.Series, role: str) -> tuple[pd.Series, str]:
    """Scores brought to 0..1 on the scale that their range tells, and that scale in words.

    Ratings are read as 1-5, 0-10 (or 1-10) or 0-100; CSAT as 1-5, 1-7 or 0-10; CES as 1-5 or 1-7.
    What lies outside the scale becomes null.

    >>> to_unit(pd.Series(["1", "5", "3"]), "rating")[0].tolist()
    [0.0, 1.0, 0.5]
    """
    numbers = numbers_of(values)
    known = numbers.dropna()
    if known.empty:
        return numbers, "no numbers"
    scales = [(1, 5), (1, 7), (0, 10)] if role in ("csat", "ces") else [(1, 5), (0, 10), (0, 100)]
    held = [known.between(0, high).mean() for _, high in scales]
    low, high = next(
        (s for s, h in zip(scales, held, strict=True) if h >= _ON_SCALE * max(held)), scales[-1]
    )
    if high in (5, 7) and (known == 0).any():
        low = 0
    scaled = ((numbers - low) / (high - low)).where(numbers.between(low, high))
    return scaled, f"{low}-{high}"


def to_nps(values: pd.Series) -> pd.Series:
    """Net promoter answers as whole numbers 0..10; anything else is null."""
    numbers = numbers_of(values)
    return numbers.where(numbers.between(0, 10) & (numbers == numbers.round()))


_ZONE = re.compile(r"\s*(?:GMT|UTC)\s*([+-])(\d{1,2})(?::?(\d{2}))?$")


def _offset(zone: re.Match[str]) -> str:
    """ "GMT+1" as "+01:00"."""
    sign, hours, minutes = zone.groups()
    return f"{sign}{int(hours):02d}:{minutes or '00'}"


def to_utc(values: pd.Series) -> tuple[pd.Series, str]:
    """Times as UTC, and the assumption made: zone, epoch unit, order of day and month.

    >>> to_utc(pd.Series(["31/01/2026", "05/02/2026"]))[0].dt.strftime("%m-%d").tolist()
    ['01-31', '02-05']
    """
    cells = values.where(values.notna(), None)
    numbers = pd.to_numeric(cells.astype(str).str[:_CELL], errors="coerce").astype(float)
    if len(cells) and cells.notna().any() and numbers[cells.notna()].notna().mean() > 0.7:
        size = numbers.median()
        unit = next((u for u, top in (("s", 1e11), ("ms", 1e14)) if size < top), "us")
        scale = {"s": 1e6, "ms": 1e3, "us": 1.0}[unit]
        micros = (numbers * scale).round()
        micros = micros.where(micros.between(0, 4e15))
        return pd.to_datetime(micros, unit="us", utc=True).astype("datetime64[us, UTC]"), (
            f"epoch {unit}"
        )
    shown = cells.map(lambda v: v if v is None else _ZONE.sub(_offset, str(v).strip()[:_CELL]))
    written = shown.dropna().astype(str)
    parts = written.str.extract(r"^\s*(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}").astype(float)
    day_first = bool((parts[0] > 12).any() or written.str.contains(r"^\s*\d{1,2}\.\d").any())
    shown = shown.where(~shown.fillna("").astype(str).str.startswith("-"), None)
    iso = shown.map(lambda v: isinstance(v, str) and bool(re.match(r"\s*\d{4}-\d", v)))
    times = pd.Series(pd.NaT, cells.index, dtype="datetime64[us, UTC]")
    for chosen, first in ((iso, False), (~iso, day_first)):
        if chosen.any():
            times[chosen] = _read_times(shown[chosen], first)
    zoned = written.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$").any()
    assumption = "zone as given" if zoned else "no zone given: taken as UTC"
    if parts[0].notna().any():
        sure = day_first or bool((parts[1] > 12).any())
        order = "day first" if day_first else "month first"
        assumption += f", {order}" if sure else f", {order} (nothing in the file tells)"
    return times, assumption


def _read_times(shown: pd.Series, day_first: bool) -> pd.Series:
    """Written times as UTC; one that no calendar has is null, and spoils no other."""

    def read(part: pd.Series) -> pd.Series:
        found = pd.to_datetime(part, utc=True, errors="coerce", dayfirst=day_first, format="mixed")
        return found.astype("datetime64[us, UTC]")

    try:
        return read(shown)
    except (NotImplementedError, ValueError, OverflowError):
        pass
    times = pd.Series(pd.NaT, shown.index, dtype="datetime64[us, UTC]")
    for row in shown.index:
        try:
            times.loc[[row]] = read(shown.loc[[row]])
        except (NotImplementedError, ValueError, OverflowError):
            continue
    return times


def as_text(value: object) -> str:
    """A cell as stripped text; whole floats lose their ".0", null becomes the empty string.

    >>> as_text(12.0), as_text(None), as_text(" a ")
    ('12', '', 'a')
    """
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NaT:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
