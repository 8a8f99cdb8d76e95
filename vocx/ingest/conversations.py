"""Turns to conversations: one feedback for each, its text with every turn and who spoke it."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from vocx.errors import UserError

_CUSTOMERS = frozenset(
    (
        "customer user client caller visitor guest consumer patient member passenger shopper "
        "end_user enduser external human subscriber kunde kundin cliente klant"
    ).split()
)
_AGENTS = frozenset(
    (
        "agent assistant bot system rep representative advisor adviser support staff internal "
        "service services care coordinator operator virtual_agent ai ivr wizard automated_agent employee team chatbot mitarbeiter mitarbeiterin agente berater medewerker"
    ).split()
)
_MARK = re.compile(
    r"^\s*(customer|client|caller|user|agent|advisor|adviser|assistant|bot|support|rep)\s*:\s*",
    re.I | re.M,
)


def role_of(speaker: str, customers: list[str] | None = None) -> str | None:
    """'customer' or 'agent', or null where the speaker's name does not tell.

    >>> role_of("Customer"), role_of("Agent 2"), role_of("Maya"), role_of("Maya", ["Maya"])
    ('customer', 'agent', None, 'customer')
    """
    if customers is not None:
        return "customer" if speaker in customers else "agent"
    words = re.sub(r"[^a-z]+", "_", speaker.lower()).strip("_")
    for role, names in (("agent", _AGENTS), ("customer", _CUSTOMERS)):
        if words in names or any(w in names for w in words.split("_")):
            return role
    return None


def join_turns(turns: list[tuple[str, str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Turns (role, words, time) as one text, a line each, and where in it each speaker's words are.

    >>> join_turns([("agent", "Hello", None), ("customer", "It broke", None)])[0]
    'Agent: Hello\\nCustomer: It broke'
    """
    lines, spans, at = [], [], 0
    for role, words, time in turns:
        mark = f"{role.capitalize()}: "
        spans.append(
            {
                "speaker": role,
                "start": at + len(mark),
                "end": at + len(mark) + len(words),
                "at": time,
            }
        )
        lines.append(mark + words)
        at += len(mark) + len(words) + 1
    return "\n".join(lines), spans


def split_marked(text: str) -> list[tuple[str, str, Any]] | None:
    """Turns of a text whose lines say who speaks ("Agent: ..."), or null for any other text."""
    marks = list(_MARK.finditer(text))
    if not marks or marks[0].start() != 0:
        return None
    ends = [m.start() for m in marks[1:]] + [len(text)]
    turns = []
    for mark, end in zip(marks, ends, strict=True):
        words = text[mark.end() : end].strip()
        if words:
            turns.append((role_of(mark.group(1)) or "agent", words, None))
    return turns or None


def is_conversation(text: str) -> bool:
    """Whether a text's lines say that a customer and an agent speak in turn."""
    return len({role for role, _, _ in split_marked(text) or []}) == 2


def assumed_roles(turns: pd.DataFrame, customers: list[str] | None, file: str) -> str:
    """Who of a file's speakers was taken for what, in words.

    Names that tell no role are of agents, where others are known as customers. Where none is, and each
    conversation is between two, the one who speaks first is the customer; their turns are then marked
    so, in place. UserError where that cannot be told.
    """
    names = sorted(turns["speaker"].dropna().astype(str).unique())
    roles: dict[str | None, list[str]] = {"customer": [], "agent": [], None: []}
    for name in names:
        roles[role_of(name, customers)].append(name)
    if not roles["customer"]:
        known = turns[turns["speaker"].notna()]
        talks = known.groupby("conversation")["speaker"]
        if customers is not None or len(names) < 2 or (talks.nunique() != 2).any():
            raise UserError(
                f"{file}: no speaker is known as a customer; speakers: {', '.join(names[:12])}",
                "name them in the pipeline file: `columns: {customers: [NAME, ...]}`",
            )
        agents = set(roles["agent"])
        first = known[~known["speaker"].isin(agents)].groupby("conversation")["speaker"].first()
        mine = turns["speaker"] == turns["conversation"].map(first)
        turns.loc[mine, "speaker"] = "customer"
        turns.loc[~mine & turns["speaker"].notna(), "speaker"] = "agent"
        return "no speaker's name tells a role: who speaks first was taken as the customer"
    told = [
        f"{what}: {', '.join(found[:5])}{' ...' if len(found) > 5 else ''}"
        for what, found in (
            ("speakers taken as customer", roles["customer"]),
            ("as agent", roles["agent"]),
            ("not known, so taken as agent", roles[None]),
        )
        if found
    ]
    return "; ".join(told)
