"""Values as a report's JSON holds them."""

from __future__ import annotations

from typing import Any

import pandas as pd


def number(value: Any, digits: int = 3) -> float | None:
    """A rounded number; null for none."""
    return None if value is None or pd.isna(value) else round(float(value), digits)


def day(value: Any) -> str | None:
    """A date as 2026-03-01; null for none."""
    return None if value is None or pd.isna(value) else pd.Timestamp(value).strftime("%Y-%m-%d")


def capital(name: str) -> str:
    """A name that begins with a capital letter."""
    return name[:1].upper() + name[1:]
