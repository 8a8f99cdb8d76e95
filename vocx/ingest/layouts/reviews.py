"""Exports of review platforms: Google Play, App Store Connect, Trustpilot, Yelp, Amazon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from vocx.config import Columns
from vocx.ingest.content import Content, Merge, RawTable
from vocx.ingest.layouts.layout import (
    DELIMITED,
    JSON,
    Layout,
    headed_table,
    objects_of,
    rows_table,
)

_EDITED = "an earlier version of a review that was edited"


def _names(content: Content) -> set[str]:
    return {c.strip().lower() for c in content.head[0]} if content.head else set()


def _is_google_play(content: Content) -> bool:
    return {"package name", "star rating", "review text"} <= _names(content)


def _read_google_play(content: Content) -> RawTable:
    """Monthly reports; an edited review appears again, with the same link: the last one counts."""
    names, frame, rejects = headed_table(content)
    low = {n.lower(): n for n in names}
    merged: list[Merge] = []
    link = low.get("review link")
    if link:
        when = next((low[n] for n in ("review last update millis since epoch",
                                      "review last update date and time") if n in low), None)  # fmt: skip
        order = frame if when is None else frame.assign(_at=pd.to_numeric(frame[when], errors="coerce") if "millis" in when.lower() else frame[when].fillna("")).sort_values("_at", kind="stable")  # fmt: skip
        again = order[link].notna() & order.duplicated(link, keep="last")
        earlier = order.index[again]
        text = low["review text"]
        merged = [(int(i), _EDITED, str(frame.at[i, text] or ""), str(frame.at[i, link])) for i in sorted(earlier)]  # fmt: skip
        frame = frame.drop(index=earlier)
    roles = {
        role: low[name]
        for role, name in (
            ("text", "review text"), ("title", "review title"), ("rating", "star rating"),
            ("time", "review last update millis since epoch"), ("id", "review link"),
            ("language", "reviewer language"),
        ) if name in low
    }  # fmt: skip
    if "time" not in roles and "review last update date and time" in low:
        roles["time"] = low["review last update date and time"]
    own = [n for n in names if n.lower().startswith(("developer reply", "review submit", "review last update", "package name", "app version code"))]  # fmt: skip
    frame = frame.drop(columns=[n for n in own if n not in roles.values()])
    return RawTable(content.name, frame, rejects, merged, encoding=content.encoding,
                    layout="Google Play reviews", columns=Columns(**roles))  # fmt: skip


def _is_app_store(content: Content) -> bool:
    if content.suffix not in JSON or not isinstance(content.json, (dict, list)):
        return False
    return any(d.get("type") == "customerReviews" for d in _app_store_data(content))


def _app_store_data(content: Content) -> list[dict[str, Any]]:
    pages = objects_of(content) or []
    found: list[Any] = []
    for page in pages:
        data = page.get("data")
        found += data if isinstance(data, list) else [page]
    return [d for d in found if isinstance(d, dict)]


def _read_app_store(content: Content) -> RawTable:
    rows, rejects = [], []
    for number, item in enumerate(_app_store_data(content), start=1):
        said = item.get("attributes")
        if item.get("type") != "customerReviews" or not isinstance(said, dict):
            rejects.append((number, "entry is no customer's review", str(item)[:1000]))
            continue
        rows.append({
            "number": number, "id": item.get("id"), "title": said.get("title"), "text": said.get("body"),
            "rating": said.get("rating"), "author": said.get("reviewerNickname"),
            "time": said.get("createdDate"), "territory": said.get("territory"),
        })  # fmt: skip
    return rows_table(content, rows, rejects, "App Store reviews")


_TRUSTPILOT = {
    "text": ("review content", "review text", "content", "text"),
    "title": ("review title", "title"),
    "rating": ("review stars", "stars", "rating", "review rating"),
    "time": ("review created (utc)", "review created date", "created at", "review created", "created", "date"),
    "id": ("review id", "id"),
    "author": ("consumer id", "review username", "consumer name", "username", "name"),
    "language": ("review language", "language"),
}  # fmt: skip
_TRUSTPILOT_OWN = ("reply", "consumer", "reference", "email", "username", "url", "link")


def _is_trustpilot(content: Content) -> bool:
    names = _names(content)
    stars = names & {"review stars", "stars"}
    content_ = names & {"review content", "review text", "content"}
    told = any(n.startswith(("consumer", "review username", "domain", "company reply", "reference")) for n in names)  # fmt: skip
    return bool(stars and content_ and told)


def _read_trustpilot(content: Content) -> RawTable:
    names, frame, rejects = headed_table(content)
    low = {n.lower(): n for n in names}
    roles: dict[str, str] = {}
    for role, options in _TRUSTPILOT.items():
        hit = next((low[o] for o in options if o in low and low[o] not in roles.values()), None)
        if hit:
            roles[role] = hit
    own = [n for n in names if any(o in n.lower() for o in _TRUSTPILOT_OWN)]
    frame = frame.drop(columns=[n for n in own if n not in roles.values()])
    return RawTable(content.name, frame, rejects, encoding=content.encoding,
                    layout="Trustpilot reviews", columns=Columns(**roles))  # fmt: skip


def _lines_with(*keys: str) -> Callable[[Content], bool]:
    """Whether a file is JSON lines, or a list, of objects with certain keys."""

    def fits(content: Content) -> bool:
        first = content.text.lstrip()[:1]
        if first not in ("{", "["):
            return False
        from json import JSONDecodeError, loads

        for line in content.text.lstrip("[ \n\r\t").split("\n", 20)[:20]:
            try:
                row = loads(line.strip().rstrip(","))
            except (JSONDecodeError, RecursionError):
                continue
            return isinstance(row, dict) and set(keys) <= set(row)
        found = objects_of(content)
        return found is not None and bool(found) and set(keys) <= set(found[0])

    return fits


def _read_lines(
    layout: str, roles: dict[str, str], groups: Sequence[str] = ()
) -> Callable[[Content], RawTable]:
    """A reader of JSON lines whose keys are known."""

    def read(content: Content) -> RawTable:
        from vocx.ingest.files import read_json_lines, read_plain_json

        plain = read_plain_json if content.json is not None else read_json_lines
        table = plain(content)
        kept = [c for c in table.frame.columns if c in {*roles.values(), *groups}]
        table.frame = table.frame[kept]
        table.layout = layout
        table.columns = Columns(**{r: c for r, c in roles.items() if c in kept})
        return table

    return read


REVIEWS = (
    Layout("Google Play reviews", DELIMITED, _is_google_play, _read_google_play),
    Layout("App Store reviews", JSON, _is_app_store, _read_app_store),
    Layout("Trustpilot reviews", DELIMITED, _is_trustpilot, _read_trustpilot),
    Layout(
        "Yelp reviews", JSON, _lines_with("review_id", "business_id", "stars", "text"),
        _read_lines("Yelp reviews", {"id": "review_id", "author": "user_id", "rating": "stars",
                                     "text": "text", "time": "date"}),
    ),
    Layout(
        "Amazon reviews", JSON, _lines_with("asin", "rating", "text", "title"),
        _read_lines("Amazon reviews", {"author": "user_id", "rating": "rating", "title": "title",
                                       "text": "text", "time": "timestamp"}, ["verified_purchase"]),
    ),
)  # fmt: skip
