"""A run's facts drawn for people: HTML, XLSX and JSON, all of them usable offline."""

from __future__ import annotations

from pathlib import Path

from vocx.journey import Journey
from vocx.report.facts import build_facts
from vocx.report.html import facts_in, render_html
from vocx.report.xlsx import write_xlsx
from vocx.runs import Run, write_json

__all__ = ["build_facts", "facts_in", "render_html", "write_reports"]


def write_reports(run: Run, folder: Path, journey: Journey) -> list[Path]:
    """report.html, report.xlsx and report.json in a folder; their paths."""
    facts = build_facts(run, journey)
    page, book, data = (folder / f"report.{kind}" for kind in ("html", "xlsx", "json"))
    page.write_text(render_html(facts), encoding="utf-8")
    write_xlsx(run.shown(), facts, journey, book)
    write_json(facts, data)
    return [page, book, data]
