"""The language of a text, by lingua where it is long enough, and by its letters."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_LEAST = 20  # letters that lingua needs to be sure of a language
_ENOUGH = 2_000  # characters that tell it
_SURE = 0.85  # its confidence from which a text is of a language
_SPOKEN = (
    "ENGLISH GERMAN FRENCH SPANISH PORTUGUESE ITALIAN DUTCH POLISH SWEDISH DANISH BOKMAL FINNISH CZECH "
    "HUNGARIAN ROMANIAN TURKISH INDONESIAN VIETNAMESE TAGALOG"
).split()
_SCRIPTS = {  # share of the letters that are of a script tell these without lingua
    "ja": re.compile(r"[\u3040-\u30ff]"), "ko": re.compile(r"[\uac00-\ud7af]"),
    "zh": re.compile(r"[\u4e00-\u9fff]"), "ru": re.compile(r"[\u0400-\u04ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"), "he": re.compile(r"[\u0590-\u05ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"), "hi": re.compile(r"[\u0900-\u097f]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
}  # fmt: skip
_LETTERS = re.compile(r"[^\W\d_]")
_COMMON = re.compile(
    r"\b(?:the|and|is|was|were|are|have|has|not|this|that|with|for|you|it|my|they|but|very|to|of|in|on|i)\b", re.I
)  # fmt: skip
_PLAIN_ENGLISH = (
    0.25  # share of a text's words that are common English ones, from which it is English
)


def language_of(text: str) -> str | None:
    """ISO 639-1 code of a text's language, or null where it cannot be told.

    >>> language_of("The parcel was late and nobody told me"), language_of("Ужасно"), language_of("ok")
    ('en', 'ru', None)
    >>> language_of("Das Paket kam viel zu spät und war beschädigt")
    'de'
    """
    text = text[:_ENOUGH]
    common = len(_COMMON.findall(text))
    if common >= 2 and common >= _PLAIN_ENGLISH * len(text.split()):
        return "en"
    letters = _LETTERS.findall(text)
    if not letters:
        return None
    if not text.isascii():
        for code, script in _SCRIPTS.items():
            if len(script.findall(text)) > 0.4 * len(letters):
                return code
    if len(letters) < _LEAST:
        return None
    found = _detector().compute_language_confidence_values(text)
    best = found[0]
    return best.language.iso_code_639_1.name.lower() if best.value >= _SURE else None


@lru_cache(maxsize=1)
def _detector() -> Any:
    from lingua import Language, LanguageDetectorBuilder

    chosen = [getattr(Language, name) for name in _SPOKEN]
    return LanguageDetectorBuilder.from_languages(*chosen).with_low_accuracy_mode().build()
