"""Chats as text, as WhatsApp and others export them."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from vocx.ingest.content import Content, RawTable, Reject
from vocx.ingest.layouts.layout import Layout, rows_table

_LINE = re.compile(
    r"^[\u200e\u200f\ufeff]*\[?(\d{1,4}[./-]\d{1,2}[./-]\d{1,4}),?\s+"
    r"(\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[\s\u202f]?[AaPp]\.?[Mm]\.?)?)\]?\s*(?:-\s+|\s*)(.*)$"
)
_SAYS = re.compile(r"^[\u200e\u200f]*([^:\n]{1,60}?):[\u200e\u200f]*\s(.*)$", re.S)
_OMITTED = re.compile(
    r"^[\u200e\u200f]*(?:<[^<>]*omitted>|<media[^<>]*>|(?:image|video|audio|sticker|document|gif) omitted|"
    r"this message was deleted\.?|you deleted this message\.?)$",
    re.I,
)


def _is_chat(content: Content) -> bool:
    lines = [x for x in content.text[:20_000].splitlines() if x.strip()][:40]
    said = [m for m in map(_LINE.match, lines) if m and _SAYS.match(m.group(3))]
    return len(said) >= 2 and bool(_LINE.match(lines[0]))


def _read_chat(content: Content) -> RawTable:
    """Messages of one or more lines; what the app says itself, and left-out media, are no words."""
    messages: list[list[str]] = []
    for line in content.text.splitlines():
        begins = _LINE.match(line)
        if begins:
            clock = begins.group(2).replace("\u202f", " ")
            messages.append([f"{begins.group(1)} {clock}", begins.group(3)])
        elif messages:
            messages[-1][1] += "\n" + line
    turns: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    for number, (time, rest) in enumerate(messages, start=1):
        said = _SAYS.match(rest)
        words = said.group(2).strip() if said else ""
        if not said:
            rejects.append((number, "a message of the app, nobody's words", rest.strip()))
        elif not words or _OMITTED.match(words):
            rejects.append((number, "a message without words", words))
        else:
            turns.append({"number": number, "conversation": PurePosixPath(content.name).stem,
                          "speaker": said.group(1).strip("~ \u200e"), "text": words, "time": time})  # fmt: skip
    return rows_table(content, turns, rejects, "chat")


CHATS = (Layout("chat", frozenset([".txt", ""]), _is_chat, _read_chat),)
