"""Exports of help desks: Zendesk tickets with comments, Intercom conversations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vocx.ingest.content import Content, RawTable, Reject, without_html
from vocx.ingest.layouts.layout import JSON, PRIVATE, Layout, objects_of, rows_table


def _tickets(content: Content) -> list[dict[str, Any]]:
    """Tickets of a list, of JSON lines, or below "tickets" of pages."""
    found: list[dict[str, Any]] = []
    for page in objects_of(content) or []:
        listed = page.get("tickets")
        found += [t for t in listed if isinstance(t, dict)] if isinstance(listed, list) else [page]
    return found


def _is_zendesk(content: Content) -> bool:
    if content.text.lstrip()[:1] not in ("{", "["):
        return False
    tickets = _tickets(content)[:3]
    return bool(tickets) and all("comments" in t and "requester_id" in t for t in tickets)


def _read_zendesk(content: Content) -> RawTable:
    """The requester's and the agents' public comments; the description is the first of them."""
    turns: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    number = 0
    for ticket in _tickets(content):
        comments = [c for c in ticket.get("comments") or [] if isinstance(c, dict)]
        if not comments and ticket.get("description"):
            comments = [{"author_id": ticket.get("requester_id"), "body": ticket["description"],
                         "created_at": ticket.get("created_at")}]  # fmt: skip
        if not comments:
            number += 1
            rejects.append((number, "ticket without words", str(ticket.get("subject") or "")))
        score = str((ticket.get("satisfaction_rating") or {}).get("score") or "")
        for comment in comments:
            number += 1
            words = comment.get("plain_body") or comment.get("body") or without_html(str(comment.get("html_body") or ""))  # fmt: skip
            if comment.get("public") is False:
                rejects.append((number, PRIVATE, str(words or "")))
                continue
            if not words:
                rejects.append((number, "comment without words", ""))
                continue
            mine = comment.get("author_id") == ticket.get("requester_id")
            turns.append({
                "number": number, "conversation": str(ticket.get("id")),
                "speaker": "customer" if mine else "agent", "text": words,
                "time": comment.get("created_at") or ticket.get("created_at"),
                "channel": (ticket.get("via") or {}).get("channel"),
                "author": str(ticket.get("requester_id")),
                "csat": {"good": 5, "bad": 1}.get(score), "status": ticket.get("status"),
            })  # fmt: skip
    return rows_table(content, turns, rejects, "Zendesk tickets")


def _is_intercom(content: Content) -> bool:
    return any("conversation_parts" in c for c in list(_conversations(content))[:3])


def _conversations(content: Content) -> Iterator[dict[str, Any]]:
    for page in objects_of(content) or []:
        listed = page.get("conversations")
        yield from (
            (c for c in listed if isinstance(c, dict)) if isinstance(listed, list) else [page]
        )


def _read_intercom(content: Content) -> RawTable:
    """The first message and the comments; notes, assignments and other parts are no words."""
    turns: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    number = 0
    for talk in _conversations(content):
        parts = (talk.get("conversation_parts") or {}).get("conversation_parts") or []
        first = {**(talk.get("source") or {}), "part_type": "comment", "created_at": talk.get("created_at")}  # fmt: skip
        rated = (talk.get("conversation_rating") or {}).get("rating")
        for part in [first, *parts]:
            number += 1
            words = without_html(str(part.get("body") or "")).strip()
            kind = str(part.get("part_type") or "comment")
            author = part.get("author") or {}
            if kind == "note":
                rejects.append((number, PRIVATE, words))
            elif kind != "comment" and not words:
                rejects.append((number, f"'{kind}' is no comment", ""))
            elif not words:
                rejects.append((number, "comment without words", ""))
            else:
                mine = str(author.get("type")) in ("user", "lead", "contact")
                turns.append({
                    "number": number, "conversation": str(talk.get("id")),
                    "speaker": "customer" if mine else "agent", "text": words,
                    "time": part.get("created_at"), "author": author.get("id") if mine else None,
                    "csat": rated, "title": None,
                })  # fmt: skip
    return rows_table(content, turns, rejects, "Intercom conversations")


HELP_DESKS = (
    Layout("Zendesk tickets", JSON, _is_zendesk, _read_zendesk),
    Layout("Intercom conversations", JSON, _is_intercom, _read_intercom),
)
