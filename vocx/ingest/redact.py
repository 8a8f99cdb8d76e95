"""Masks of personal data in text, put on before anything is stored."""

from __future__ import annotations

import re
from collections import Counter

_CARD = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_PATTERNS: list[tuple[str, re.Pattern[str]]] = [
    ("EMAIL", re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")),
    ("IBAN", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")),
    ("IP", re.compile(r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b")),
    ("SSN", re.compile(r"\b\d{3}-\d{2}-\d{4}\b")),
    (
        "PHONE",
        re.compile(
            r"(?<![\w-])(?:\+\d{1,3}[ .-]?)?(?:\(0?\d{2,4}\)|0\d{2,4}|\d{3})[ .-]?\d{3}[ .-]?\d{3,4}(?![\w-])"
            r"|(?<![\w-])\+\d{1,3}(?:[ .-]?\d{2,4}){2,5}(?![\w-])"
        ),
    ),
    (
        "ORDER",
        re.compile(
            r"\b[A-Z]{2,3}-\d{5,}\b"
            r"|(?<=order )#?\d{5,}\b|(?<=order number )#?\d{5,}\b|(?<=account )#?\d{5,}\b",
            re.I,
        ),
    ),
]


def _luhn(digits: str) -> bool:
    """Whether digits carry a valid card check digit (ISO/IEC 7812-1)."""
    total = 0
    for i, d in enumerate(reversed(digits)):
        n = int(d) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0


def redact(text: str, counts: Counter[str] | None = None) -> str:
    """The text with e-mails, phones, cards, IBANs, IPs, SSNs and order numbers masked by type.

    ``counts`` is raised by what was masked. Names and addresses are not masked.

    >>> redact("mail me at jo@example.com about HF-2041877, or 07700 900123")
    'mail me at [EMAIL] about [ORDER], or [PHONE]'
    """
    if "@" not in text and not any(c.isdigit() for c in text):
        return text
    counts = Counter() if counts is None else counts

    def card(match: re.Match[str]) -> str:
        if not _luhn(re.sub(r"\D", "", match.group())):
            return match.group()
        counts["CARD"] += 1
        return "[CARD]"

    text = _CARD.sub(card, text)
    for name, pattern in _PATTERNS:
        text, n = pattern.subn(f"[{name}]", text)
        if n:
            counts[name] += n
    return text
