"""A run as a person reads it in the terminal: tables, bars and one feedback with its labels."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from vocx.ingest import Ingested
from vocx.journey import Journey
from vocx.runs import Run, counted_mentions
from vocx.themes import theme_title

_STEPS = {
    "ingest": "reading files",
    "label": "labelling feedback",
    "mine": "finding issues",
    "report": "writing report",
}
_HEAT = {"pain": (178, 34, 52), "win": (14, 116, 102)}


def console() -> Console:
    """The terminal, or 110 columns where the output is no terminal."""
    return Console(width=None if sys.stdout.isatty() else 118, highlight=False)


class Bars:
    """Progress of a run: bars on a terminal, plain lines elsewhere; both on standard error."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._progress = Progress(
            TextColumn("{task.description:20s}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            disable=not self._live,
        )
        self._tasks: dict[str, Any] = {}
        self._last = time.monotonic()

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def update(self, step: str, done: int, total: int) -> None:
        """Told by the engine as it works."""
        if self._live:
            if step not in self._tasks:
                self._tasks[step] = self._progress.add_task(_STEPS[step], total=total)
            self._progress.update(self._tasks[step], completed=done, total=total)
        elif done == total or time.monotonic() - self._last > 5:
            self._last = time.monotonic()
            print(f"{_STEPS[step]}: {done} of {total}", file=sys.stderr, flush=True)


def print_summary(run: Run) -> None:
    """What a run found: the matrix of pains, what came in, and where the report is."""
    out = console()
    rows, cover = run.manifest["rows"], run.manifest["coverage"]
    print_matrix(run, run.journey, "pain")
    out.print(
        f"{rows['read']} rows read: {rows['taken']} feedback taken, {rows['merged']} merged, "
        f"{rows['rejected']} rejected; {cover['meaningful']} say something."
    )
    out.print(
        f"{cover['mentions']} pains and wins; the model is sure of the theme of "
        f"{cover['mentions_sure_of_theme']}; {len(run.issues)} recurring issues."
    )
    seconds = run.manifest["seconds"]
    out.print("Seconds: " + ", ".join(f"{k} {v:.1f}" for k, v in seconds.items()) + ".")
    out.print(f"Report: {run.path}/report.html", soft_wrap=True)


def print_matrix(run: Run, journey: Journey, kind: str) -> None:
    """Stages by the themes told of most, as many as the terminal is wide."""
    out = console()
    cells = run.matrix[
        (run.matrix["kind"] == kind)
        & run.matrix["issue_id"].isna()
        & run.matrix["group"].isna()
        & run.matrix["period"].isna()
    ]
    if not run.feedback["meaningful"].any():
        out.print("No feedback holds words that could be labelled.")
        return
    if cells.empty:
        out.print(f"No {kind}s were found with enough certainty.")
        return
    totals = cells.groupby("theme")["n_feedback"].sum()
    themes = sorted(totals.index, key=lambda t: (-totals[t], t))
    first = max(len(s) for s in journey.stage_names) + 2
    shown = themes[: max(3, (out.width - first - 8) // 12)]
    table = Table(title=f"{kind.capitalize()}s by stage: distinct feedback", title_justify="left",
                  show_edge=False, padding=(0, 1), pad_edge=False)  # fmt: skip
    table.add_column("stage", no_wrap=True)
    for theme in shown:
        table.add_column(theme_title(theme), justify="right", min_width=8, max_width=11)
    table.add_column("any", justify="right", style="dim")
    peak = max(1, int(cells["n_feedback"].max()))
    at = cells.set_index(["stage", "theme"])["n_feedback"]
    counted = counted_mentions(run.segments, journey, run.thresholds)
    voices = counted[counted["kind"] == kind].groupby("stage")["feedback_id"].nunique()
    for stage in journey.stage_names:
        counts = [int(at.get((stage, t), 0)) for t in shown]
        every = int(voices.get(stage, 0))
        table.add_row(stage, *(_heat(n, peak, kind) for n in counts), str(every or ""))
    out.print(table)
    if len(themes) > len(shown):
        out.print(f"[dim]{len(themes) - len(shown)} more themes in the report[/dim]")


def _heat(n: int, peak: int, kind: str) -> Text:
    if not n:
        return Text("·", style="dim")
    share = (n / peak) ** 0.5
    red, green, blue = (round(255 - (255 - c) * share) for c in _HEAT[kind])
    ink = "white" if share > 0.6 else "black"
    return Text(f" {n} ", style=f"{ink} on rgb({red},{green},{blue})")


def print_issues(run: Run, kind: str, most: int = 20) -> None:
    """The issues of a kind that most customers tell of, with a quote each."""
    out = console()
    quote = run.segments.set_index("segment_id")["text"]
    table = Table(show_edge=False, pad_edge=False, expand=True)
    table.add_column("voices", justify="right")
    for name in ("issue", "theme", "quote"):
        table.add_column(name, ratio=3 if name == "quote" else 2)
    shown = run.shown().issues
    for issue in shown[shown["kind"] == kind].head(most).itertuples():
        words = str(quote.get(issue.examples[0], "")) if len(issue.examples) else ""
        table.add_row(
            str(issue.n_feedback), _named(issue), theme_title(issue.theme), Text(f"“{words}”")
        )
    out.print(table)


def _named(issue: Any) -> Text:
    """An issue's name, marked where it is new to the codebook that the run began with."""
    return Text.assemble(issue.name, (" (emerging)", "bold") if issue.status == "emerging" else "")


def print_codebook(issues: list[dict[str, Any]], everything: bool) -> None:
    """Issues with ids, voices and status; those that nobody speaks of only if asked."""
    table = Table(show_edge=False, pad_edge=False)
    for name in ("id", "voices", "status", "issue", "theme"):
        table.add_column(name, justify="right" if name == "voices" else "left")
    for i in issues:
        if i["n_feedback"] or everything:
            theme = "any theme" if i["anywhere"] else theme_title(i["theme"])
            table.add_row(i["issue_id"], str(i["n_feedback"]), i["status"], Text(i["name"]), theme)
    console().print(table)


def print_journey(run: Run, journey: Journey) -> None:
    """The journey map: each stage in order, with what is tried, met, felt, scored, and what turns it."""
    from vocx.report import build_facts

    out, facts = console(), build_facts(run, journey)
    scores = {s["name"]: s for s in facts["scores"]["stage"]}
    for stage in facts["stages"]:
        out.print(f"[bold]{stage['title']}[/bold]  {stage['n_feedback']} comments, "
                  f"{stage['n_mentions']} mentions{_curve(stage)}")  # fmt: skip
        for label, told in (
            ("to do", [f"{goal} ({n})" for goal, n in stage["goals"]]),
            ("met at", [f"{t.replace('_', ' ')} ({n})" for t, n in stage["touchpoints"]]),
            ("felt", [f"{e} ({n})" for e, n in stage["emotions"]]),
            ("scores", _scores_told(scores.get(stage["name"], {}))),
            ("−", [f"{title} ({n})" for title, n, _ in stage["pains"]]),
            ("+", [f"{title} ({n})" for title, n, _ in stage["wins"]]),
            ("★", [m["title"] for m in facts["moments"] if m["stage"] == stage["name"]]),
        ):
            if told:
                out.print(f"  {label:7s}{', '.join(told)}", markup=False)
        if quote := _first_quote(facts, stage):
            out.print(f"  “{quote}”", markup=False)
    if groups := facts["group_journeys"]:
        stages = [s for s in journey.stage_names if any(_of(g, s) for g in groups)]
        table = _table("polarity of whole comments (score)", *stages)
        for group in groups:
            table.add_row(str(group["name"] or "everybody"), *(_of(group, s) for s in stages))
        out.print(table)
    if facts["moments"]:
        by = "the score moves most" if facts["moments"][0]["score"] else "feeling is strongest"
        out.print(f"★ moment of truth: where {by} for the most people", markup=False)


def _of(group: dict[str, Any], stage: str) -> str:
    """A group's polarity at a stage, and its score; nothing where few tell."""
    told = next(s for s in group["stages"] if s["name"] == stage)
    parts = [f"{told[k][0]:+.2f}" if k == "polarity" else f"({told[k][0]:.1f})"
             for k in ("polarity", "nps", "csat", "ces", "rating") if k in told and told[k][3] >= 5]  # fmt: skip
    return " ".join(parts)


def _curve(stage: dict[str, Any]) -> str:
    """Where a stage lies on the curve of feeling: mean polarity of what each feedback tells, and the middle half."""
    if stage["polarity"] is None:
        return ""
    low, high = stage["polarity_low"], stage["polarity_high"]
    return f", told with polarity {stage['polarity']:+.2f} (middle half {low:+.2f} to {high:+.2f})"


def _scores_told(scores: dict[str, Any]) -> list[str]:
    """A stage's scores with their intervals; those of few customers are marked."""
    told = []
    for name in ("nps", "csat", "ces", "rating"):
        if (s := scores.get(name)) and s["low"] is not None:
            digits = 1 if name == "rating" else 0
            few = ", few" if s["n"] < 10 else ""
            told.append(f"{name.upper() if name != 'rating' else 'stars'} {s['value']:.{digits}f} "
                        f"({s['low']:.{digits}f} to {s['high']:.{digits}f}, n {s['n']}{few})")  # fmt: skip
    if (s := scores.get("effort")) and s["value"]:
        told.append(f"effort told by {s['value']:.0%}")
    return told


def _first_quote(facts: dict[str, Any], stage: dict[str, Any]) -> str | None:
    """The surest quote of what most customers tell of at a stage."""
    for kind, things in (("pain", stage["pains"]), ("win", stage["wins"])):
        for _, _, theme in things[:1]:
            if found := facts["quotes"].get(f"{kind}|{stage['name']}|{theme}"):
                return " ".join(found[0]["text"].split())[:100]
    return None


def print_costs(run: Run, most: int = 15) -> None:
    """What costs most points of the main score: adjusted beside plain, with intervals."""
    from vocx.report.findings import costs

    out, found = console(), costs(run)
    if found is None:
        out.print("The run has no score that enough customers gave: nothing can be measured.")
        return
    out.print(
        f"Impact on the {found['score'].upper()} of all {found['n_scored']} answers that gave one"
    )
    table = _table("what", "told by", "impact (95 %)", "plain", "per customer", "rank", "q")
    for row in [*found["issues"][:most], *found["themes"][:5]]:
        table.add_row(
            Text(row["name"] if row in found["issues"] else f"{row['name']} (theme)"), str(row["n"]),
            f"{row['impact']:+.2f} ({row['impact_low']:+.2f} to {row['impact_high']:+.2f})",
            f"{row['naive']:+.2f}", f"{row['effect']:+.1f}", "{} ({}-{})".format(*row["rank"]),
            "" if row["q"] is None else f"{row['q']:.3f}",
        )  # fmt: skip
    out.print(table)
    out.print(
        "q tells how sure the points per customer are; an impact is less so, as the share who tell of it is."
    )


def print_feedback(run: Run, feedback_id: str) -> None:
    """One feedback: its text, its labels, and each mention with what it was taken for."""
    out = console()
    row = run.find_feedback(feedback_id)
    out.print(
        f"[bold]{row['feedback_id']}[/bold] {row['source']} {row['source_file']} row {row['source_row']}"
    )
    out.print(str(row["text"]), markup=False)
    if not row["meaningful"]:
        out.print("says nothing that could be labelled")
        return
    out.print(
        f"stage {row['stage']} ({row['stage_score']:.2f}), touchpoint {row['touchpoint']} "
        f"({row['touchpoint_score']:.2f}), {row['sentiment']} ({row['polarity']:+.2f}), "
        f"{row['emotion']} ({row['emotion_score']:.2f})"
    )
    names = run.issues.set_index("issue_id")["name"]
    mine = run.segments[run.segments["feedback_id"] == row["feedback_id"]]
    table = Table(show_edge=False, pad_edge=False)
    for name in ("kind", "words", "stage", "theme", "issue", "severity"):
        table.add_column(name)
    for s in mine[mine["kind"] != "none"].itertuples():
        severity = "" if pd.isna(s.severity) else str(int(s.severity))
        issue = str(names.get(s.issue_id, ""))
        table.add_row(s.kind, Text(s.text), f"{s.stage} {s.stage_score:.2f}",
                      f"{theme_title(s.theme)} {s.theme_score:.2f}", issue, severity)  # fmt: skip
    out.print(table)


def print_ingested(found: Ingested) -> None:
    """How each file was read: columns, assumptions, first rows, rejects."""
    out = console()
    for file in found.files:
        kind = f" ({file.layout})" if file.layout else ""
        out.print(Text(file.file, style="bold"), f"{kind}: {file.rows} rows, {file.taken} feedback, "
                  f"{file.merged} merged, {file.rejected} rejected", sep="", markup=False)  # fmt: skip
        for role, column in file.columns.items():
            out.print(f"  {role:13s} ← {column}", markup=False)
        if file.groups:
            out.print(f"  {'groups':13s} ← {', '.join(file.groups)}", markup=False)
        if file.ignored:
            out.print(f"  {'not kept':13s}   {', '.join(file.ignored)}", markup=False)
        for note in file.assumptions:
            out.print(f"  {note}", markup=False)
        mine = found.feedback[found.feedback["source_file"] == file.file].head(3)
        for row in mine.itertuples():
            words = " ".join(str(row.text).split())
            out.print(f"    {row.source} {row.source_id}: {words[:90]}", markup=False)
    for what, chosen in (("rejected", True), ("merged", False)):
        rows = found.rejects[found.rejects["merged_into"].isna() == chosen]
        for row in rows.head(5).itertuples():
            out.print(
                f"  {what} {row.source_file} row {row.source_row}: {row.reason}", markup=False
            )
    if found.masked:
        told = ", ".join(f"{n} {kind}" for kind, n in sorted(found.masked.items()))
        out.print(f"masked: {told}", markup=False)


def print_scores(scores: dict[str, Any], model: str, labels: Path) -> None:
    """A model's scores: all tasks, then for each its classes, errors, calibration and slices."""
    out = console()
    out.print(f"{model} on {labels.name}: {scores['n']} feedback, 95 % bootstrap intervals")
    names = ("accuracy", "macro_f1", "coverage", "selective_accuracy", "ece")
    heads = ("accuracy", "macro F1", "sure", "right when sure", "calibration error")
    table = _table("task", "n", *heads)
    for task, s in scores["tasks"].items():
        table.add_row(task, str(s["n"]), *(_figure(s, n) for n in names))
    out.print(table)
    if mentions := scores["mentions"]:
        table = _table("mentions", "")
        for name, value in mentions.items():
            text = str(value) if isinstance(value, int) else f"{value:.3f}"
            table.add_row(name.replace("_", " "), text)
        out.print(table)
    for task, s in scores["tasks"].items():
        out.print(f"\n[bold]{task}[/bold]")
        table = _table("label", "n", "precision", "recall", "F1")
        for c in s["classes"]:
            table.add_row(
                c["label"], str(c["n"]), *(f"{c[k]:.2f}" for k in ("precision", "recall", "f1"))
            )
        out.print(table)
        _print_errors(out, s)
        _print_trust(out, s)


def _table(first: str, *others: str) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _figure(scores: dict[str, Any], name: str) -> str:
    """A figure with its interval; empty where the task has none."""
    if name not in scores:
        return ""
    if f"{name}_low" not in scores:
        return f"{scores[name]:.3f}"
    return f"{scores[name]:.3f} ({scores[f'{name}_low']:.2f}-{scores[f'{name}_high']:.2f})"


def _print_errors(out: Console, scores: dict[str, Any]) -> None:
    """The commonest confusions."""
    wrong = [c for c in scores.get("confusion", []) if c["true"] != c["said"]]
    wrong = sorted(wrong, key=lambda c: (-c["n"], c["true"], c["said"]))[:5]
    if wrong:
        told = ", ".join(f"{c['true']} as {c['said']} ({c['n']})" for c in wrong)
        out.print(f"taken for another: {told}")


def _print_trust(out: Console, scores: dict[str, Any]) -> None:
    """Calibration, risk-coverage and slices, a line each."""
    if bins := scores.get("calibration"):
        told = ", ".join(f"{b['mean_score']:.2f}: {b['accuracy']:.2f} of {b['n']}" for b in bins)
        out.print(f"score and share right: {told}")
    if curve := scores.get("risk_coverage"):
        told = ", ".join(f"{c['coverage']:.0%}: {c['accuracy']:.2f}" for c in curve)
        out.print(f"right among the surest: {told}")
    for by in dict.fromkeys(s["by"] for s in scores.get("slices", [])):
        mine = [s for s in scores["slices"] if s["by"] == by]
        told = ", ".join(f"{s['value']} {s['accuracy']:.2f} of {s['n']}" for s in mine)
        out.print(f"by {by}: {told}")
