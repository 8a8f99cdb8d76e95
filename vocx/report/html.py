"""The facts as one HTML page: no request leaves it, and no customer's word is read as markup."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

from jinja2 import Environment, select_autoescape


def facts_in(page: str) -> dict[str, Any] | None:
    """The facts that a page holds; null for a page of another make."""
    found = re.search(r'<script type="application/json" id="facts">(.*?)</script>', page, re.S)
    return json.loads(found.group(1)) if found else None


def render_html(facts: dict[str, Any]) -> str:
    """The page, with its facts, styles and script inside."""
    templates = files("vocx.report") / "templates"
    source = {
        name: (templates / name).read_text(encoding="utf-8")
        for name in ("report.html", "report.css", "report.js", "findings.js")
    }
    template = Environment(autoescape=select_autoescape(default=True)).from_string(
        source["report.html"]
    )
    data = json.dumps(facts, ensure_ascii=False, sort_keys=True, default=str)
    for mark, safe in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028")):
        data = data.replace(mark, safe)
    return template.render(
        facts=facts,
        data=data,
        css=source["report.css"],
        js=source["report.js"] + source["findings.js"],
    )
