"""Transcripts of contact centres: Amazon Connect, Google CX Insights, Genesys Cloud, subtitles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from vocx.errors import UserError
from vocx.ingest.content import Content, RawTable, Reject
from vocx.ingest.layouts.layout import JSON, Layout, objects_of, rows_table

_CUSTOMERS = frozenset(["customer", "end_user", "external"])


def _first(content: Content) -> dict[str, Any]:
    found = objects_of(content) or [{}]
    return found[0] if isinstance(found[0], dict) else {}


def _stem(content: Content) -> str:
    return PurePosixPath(content.name).stem


def _side(role: object) -> str:
    return "customer" if str(role or "").lower() in _CUSTOMERS else "agent"


# ------------------------------------------------------------------------------ Amazon Connect


def _is_contact_lens(content: Content) -> bool:
    first = _first(content)
    return "Participants" in first and "Transcript" in first


def _read_contact_lens(content: Content) -> RawTable:
    """Contact Lens analysis of a call or chat; of its redacted and raw versions the redacted is read."""
    turns: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    number = 0
    contact, redacted = "", False
    for call in objects_of(content) or []:
        contact = str((call.get("CustomerMetadata") or {}).get("ContactId") or _stem(content))
        made = str((call.get("ContentMetadata") or {}).get("Output") or "")
        redacted = made.lower() == "redacted" or "_redacted" in content.name
        roles = {p.get("ParticipantId"): p.get("ParticipantRole") for p in call.get("Participants") or []}  # fmt: skip
        channel = str(call.get("Channel") or "voice").lower()
        for turn in call.get("Transcript") or []:
            number += 1
            if not isinstance(turn, dict) or not turn.get("Content"):
                kind = turn.get("ContentType") if isinstance(turn, dict) else None
                rejects.append((number, f"turn without words{f' ({kind})' if kind else ''}", ""))
                continue
            role = turn.get("ParticipantRole") or roles.get(turn.get("ParticipantId"))
            turns.append({
                "number": number, "conversation": contact, "speaker": _side(role),
                "text": turn["Content"], "time": turn.get("AbsoluteTime"), "channel": channel,
                "language": call.get("LanguageCode"),
            })  # fmt: skip
    return rows_table(content, turns, rejects, "Amazon Connect Contact Lens",
                       twin=(f"connect/{contact}", int(redacted)))  # fmt: skip


# -------------------------------------------------------------------- Google CX Insights (CCAI)


def _is_ccai(content: Content) -> bool:
    entries = _first(content).get("entries")
    return isinstance(entries, list) and bool(entries) and isinstance(entries[0], dict) and (
        "role" in entries[0] and "text" in entries[0]
    )  # fmt: skip


def _read_ccai(content: Content) -> RawTable:
    turns: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    number = 0
    for place, call in enumerate(objects_of(content) or []):
        name = f"{_stem(content)}-{place + 1}" if place else _stem(content)
        for entry in call.get("entries") or []:
            number += 1
            if not isinstance(entry, dict) or not entry.get("text"):
                rejects.append((number, "turn without words", ""))
                continue
            micros = entry.get("start_timestamp_usec", entry.get("startTimestampUsec"))
            turns.append({
                "number": number, "conversation": name, "speaker": _side(entry.get("role")),
                "text": entry["text"], "time": micros or None,
            })  # fmt: skip
    if turns and any(not _clock(t["time"]) for t in turns):  # from the call's begin, not of a clock
        for turn in turns:
            del turn["time"]
    return rows_table(content, turns, rejects, "Google CX Insights")


def _clock(micros: Any) -> bool:
    try:
        return float(micros) > 5e14
    except (TypeError, ValueError):
        return False


# ---------------------------------------------------------------------------------- Genesys Cloud


def _is_genesys(content: Content) -> bool:
    first = _first(content)
    return "transcripts" in first and ("communicationId" in first or "conversationId" in first)


def _read_genesys(content: Content) -> RawTable:
    """A speech or chat transcript: who is external is the customer."""
    turns: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    number = 0
    for call in objects_of(content) or []:
        name = str(call.get("conversationId") or _stem(content))
        for transcript in call.get("transcripts") or []:
            for phrase in transcript.get("phrases") or []:
                number += 1
                if not phrase.get("text"):
                    rejects.append((number, "turn without words", ""))
                    continue
                turns.append({
                    "number": number, "conversation": name,
                    "speaker": _side(phrase.get("participantPurpose")), "text": phrase["text"],
                    "time": phrase.get("startTimeMs") or None,
                    "channel": str(call.get("mediaType") or "call").lower(),
                    "language": transcript.get("language"),
                })  # fmt: skip
    return rows_table(content, turns, rejects, "Genesys Cloud transcript")


# --------------------------------------------------------------------------------------- subtitles

_CUE = re.compile(
    r"^\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}"
)
_VOICE = re.compile(r"<v(?:\.[\w.]{1,60})?\s([^<>\n]{1,100})>", re.I)
_TAGS = re.compile(r"</?(?:v|c|b|i|u|ruby|rt|lang|font)\b[^>]*>|<\d[\d:.]*>", re.I)
_SAYS = re.compile(r"^\s*(?:\[([^\]\n]{1,40})\]|([A-Z][\w .'-]{0,39}|[A-Z_ ]{2,40}))\s*:\s+(?=\S)")


def _is_subtitles(content: Content) -> bool:
    if content.suffix in (".vtt", ".srt"):
        return True
    head = content.text[:2000]
    return head.lstrip("\ufeff").startswith("WEBVTT") or (
        any(map(_CUE.match, head.splitlines()[:6])) and "-->" in head
    )


def _cues(text: str) -> Iterator[str]:
    """The words of each cue, its lines joined."""
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = block.strip("\n").split("\n")
        at = next((i for i, line in enumerate(lines[:3]) if _CUE.match(line)), None)
        if at is not None:
            yield "\n".join(lines[at + 1 :]).strip()


def _read_subtitles(content: Content) -> RawTable:
    """WebVTT or SRT: who speaks stands in a voice tag or before a colon."""
    turns: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    speaker: str | None = None
    for number, cue in enumerate(_cues(content.text), start=1):
        said = _VOICE.search(cue) or _SAYS.match(cue)
        if said:
            speaker = next(g for g in said.groups() if g).strip()
            cue = _SAYS.sub("", _VOICE.sub("", cue, count=1), count=1)
        words = " ".join(_TAGS.sub("", cue).split())
        if not words:
            rejects.append((number, "cue without words", ""))
        elif speaker is None:
            rejects.append((number, "cue without a speaker", words))
        else:
            turns.append({"number": number, "conversation": _stem(content), "speaker": speaker,
                          "text": words})  # fmt: skip
    if not turns:
        raise UserError(
            f"{content.name}: no cue says who speaks",
            "export it with speakers: `<v NAME>words` or `NAME: words`",
        )
    return rows_table(content, turns, rejects, "subtitles with speakers")


CALLS = (
    Layout("Amazon Connect Contact Lens", JSON, _is_contact_lens, _read_contact_lens),
    Layout("Google CX Insights", JSON, _is_ccai, _read_ccai),
    Layout("Genesys Cloud transcript", JSON, _is_genesys, _read_genesys),
    Layout("subtitles with speakers", frozenset([".vtt", ".srt", ".txt"]), _is_subtitles, _read_subtitles),
)  # fmt: skip
