"""E-mails: single messages and mailboxes; quoted history and signatures are cut."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

import pandas as pd

from vocx.config import Columns
from vocx.ingest.content import Content, RawTable, Reject, decode, without_html
from vocx.ingest.layouts.layout import Layout

_QUOTED = re.compile(
    r"^(?:>|On\b.{4,200}\bwrote:\s*$|Am\b.{4,200}\bschrieb\b.*:\s*$|Le\b.{4,200}\ba écrit\s*:\s*$|"
    r"-{2,}\s*(?:Original Message|Forwarded message|Ursprüngliche Nachricht).*|_{10,}\s*$|"
    r"Begin forwarded message:)",
    re.I,
)
_HEADER = re.compile(r"^\*?(?:From|Von|De)\s*:\*?\s.+", re.I)
_BELOW = re.compile(r"^\*?(?:Sent|Date|To|Subject|Gesendet|An|Betreff|Envoyé)\s*:", re.I)
_SIGNED = re.compile(
    r"^(?:--\s*$|—\s*$|Sent from my\b.*|Get Outlook for\b.*|Von meinem .* gesendet)", re.I
)
_CLOSING = re.compile(
    r"^(?:kind|best|warm|many)?\s*(?:regards|wishes)\b.{0,20}$|^(?:yours (?:sincerely|faithfully|truly)|"
    r"sincerely|cheers|many thanks|thanks|thank you|best)\s*[,.!]?\s*$",
    re.I,
)
_SHORT = 40  # characters of a line below a closing that may be a name or a number
_AUTOMATIC = re.compile(r"auto-?(?:replied|generated|submitted)", re.I)


def own_words(body: str) -> str:
    """What the sender wrote: without the messages quoted below it, and without a signature.

    >>> own_words("It broke again.\\n\\nKind regards,\\nJo\\n07700 900123\\n\\nOn Mon, Ann wrote:\\n> Hi")
    'It broke again.'
    """
    kept: list[str] = []
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for i, line in enumerate(lines):
        plain = line.strip()
        joined = f"{plain} {lines[i + 1].strip()}" if i + 1 < len(lines) else plain
        if _QUOTED.match(plain) and plain.startswith(">"):
            continue  # answers may stand between quoted lines
        if _QUOTED.match(plain) or (plain.startswith("On ") and _QUOTED.match(joined)):
            break
        if _HEADER.match(plain) and any(_BELOW.match(x.strip()) for x in lines[i + 1 : i + 4]):
            break
        if _SIGNED.match(plain):
            break
        if kept and _CLOSING.match(plain) and _only_signature(lines[i + 1 :]):
            break
        kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _only_signature(rest: list[str]) -> bool:
    """Whether below a closing stand but a few short lines, up to a quotation or the end."""
    short = 0
    for line in rest:
        plain = line.strip()
        if not plain:
            continue
        if _QUOTED.match(plain) or _HEADER.match(plain) or _SIGNED.match(plain):
            return True
        if len(plain) > _SHORT or short >= 6:
            return False
        short += 1
    return True


def _is_mail(content: Content) -> bool:
    if content.suffix in (".eml", ".mbox"):
        return True
    if content.suffix not in (".txt", ""):
        return False
    head = content.text[:4000]
    return bool(
        re.match(r"(?:From \S+ .*\d{4}\n|(?:[\w-]+: .*\n(?:[ \t].*\n)*){3,})", head)
    ) and all(re.search(rf"^{h}:", head, re.M | re.I) for h in ("from", "subject", "date"))


def _messages(content: Content) -> list[EmailMessage]:
    parts = re.split(rb"(?m)^From \S+ +\S.*\d\d:\d\d.*\d{4}\r?\n", content.data)
    raw = [p for p in parts if p.strip()] if len(parts) > 1 else [content.data]
    return [email.message_from_bytes(r, policy=email.policy.default) for r in raw]


def _body(message: EmailMessage) -> str:
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        if part is None:
            continue
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes):
            continue
        charset = part.get_content_charset()
        try:
            text = data.decode(charset) if charset else decode(data)[0]
        except (LookupError, UnicodeDecodeError):
            text = decode(data)[0]
        return without_html(text) if kind == "html" else text
    return ""


def _any_body(message: EmailMessage) -> str:
    """The body as the library finds it, or else what stands below the headers."""
    try:
        if body := _body(message):
            return body
    except Exception:  # it stumbles over broken messages in many ways
        pass
    payload = message.get_payload()
    return payload if isinstance(payload, str) else ""


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name) or "")
    except Exception:  # the library stumbles over broken headers in many ways
        return ""


def _read_mail(content: Content) -> RawTable:
    rows: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    numbers = []
    for number, message in enumerate(_messages(content), start=1):
        subject = re.sub(
            r"^(?:(?:re|fwd?|aw|wg)\s*:\s*)+", "", _header(message, "subject"), flags=re.I
        )
        answers = bool(_header(message, "in-reply-to"))
        automatic = _AUTOMATIC.search(_header(message, "auto-submitted")) or _header(
            message, "x-autoreply"
        )
        words = own_words(_any_body(message))
        if automatic:
            rejects.append((number, "automatic reply: not the customer's words", words))
            continue
        if not words and not subject:
            rejects.append((number, "message without words", ""))
            continue
        try:
            time = parsedate_to_datetime(_header(message, "date")).isoformat()
        except (ValueError, TypeError):
            time = None
        rows.append({
            "id": _header(message, "message-id") or None, "title": None if answers else subject or None,
            "text": words or None, "author": _header(message, "from") or None, "time": time,
            "channel": "email",
        })  # fmt: skip
        numbers.append(number)
    names = ["id", "title", "text", "author", "time", "channel"]
    frame = pd.DataFrame(
        [[r[n] for n in names] for r in rows], columns=names, index=numbers, dtype=object
    )
    return RawTable(content.name, frame, rejects, layout="e-mail",
                    columns=Columns(**{n: n for n in names}))  # fmt: skip


MAIL = (Layout("e-mail", frozenset([".eml", ".mbox", ".txt", ""]), _is_mail, _read_mail),)
