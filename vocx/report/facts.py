"""The facts of a report: plain data out of a run's tables, before anything is drawn."""

from __future__ import annotations

from typing import Any

import pandas as pd

from vocx.journey import Journey
from vocx.report.findings import (
    SMALL,
    conversations_of,
    costs,
    goals,
    journeys_of_groups,
    moments_of_truth,
    paths_of,
    scores_of,
)
from vocx.report.plain import capital, day, number
from vocx.runs import Run, answered_once, counted_mentions
from vocx.stats import nps_points
from vocx.themes import load_themes, theme_title

MAX_QUOTES = 12  # of a cell
_CONTEXT = 160  # characters shown before and after a quote


def build_facts(run: Run, journey: Journey) -> dict[str, Any]:
    """Everything the report shows; ``run.matrix`` must be counted by ``journey``."""
    run = run.shown()
    whole = run.matrix[run.matrix["group"].isna() & run.matrix["period"].isna()]
    mentions = _counted(run, journey)
    in_issues = _in_issues(run, mentions)
    return {
        "title": run.manifest["config"]["name"],
        "journey": {"name": journey.name, "title": journey.title},
        "overview": _overview(run),
        "scope": _scope(run),
        "stages": _stages(run, journey, mentions),
        "matrices": {
            kind: _matrix(whole[whole["kind"] == kind], run, journey) for kind in ("pain", "win")
        },
        "issues": _issues(run, in_issues),
        "groups": _groups(run, mentions),
        "small": SMALL,
        "scores": {level: scores_of(run, level) for level in ("all", "stage", "touchpoint")},
        "costs": costs(run),
        "moments": moments_of_truth(run),
        "group_journeys": journeys_of_groups(run, journey),
        "paths": paths_of(run),
        "conversations": conversations_of(run),
        "quotes": _quotes(mentions, "theme") | _quotes(in_issues, "issue_id"),
    }


def _counted(run: Run, journey: Journey) -> pd.DataFrame:
    """The mentions the matrix counts, with stage of the journey, known theme, and their feedback."""
    found = counted_mentions(run.segments, journey, run.thresholds)
    return _with_feedback(found, run)


def _in_issues(run: Run, counted: pd.DataFrame) -> pd.DataFrame:
    """All mentions that belong to an issue; those the matrix does not count are at "unsure"."""
    found = run.segments[run.segments["issue_id"].notna()].copy()
    stage_of = counted.set_index("segment_id")["stage"]
    found["stage"] = found["segment_id"].map(stage_of).fillna("unsure")
    return _with_feedback(found, run)


def _with_feedback(found: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Mentions with what is known of their feedback."""
    columns = ["feedback_id", "source", "created_at", "rating", "nps", "source_id"]
    about = run.feedback[columns].assign(
        whole=run.feedback["text"], about_sentiment=run.feedback["sentiment"]
    )
    return found.merge(about, on="feedback_id", how="left")


def nps(values: pd.Series) -> float | None:
    """Net promoter score: percent 9-10 less percent 0-6.

    >>> nps(pd.Series([10, 9, 7, 0]))
    25.0
    """
    known = values.dropna().astype(float)
    return None if known.empty else float(nps_points(known.to_numpy()).mean())


def _overview(run: Run) -> dict[str, Any]:
    feedback = run.feedback
    labelled = feedback[feedback["meaningful"].astype(bool)]
    times = feedback["created_at"].dropna()
    rows = answered_once(feedback)
    order = ["very_negative", "negative", "mixed", "neutral", "positive", "very_positive"]
    sentiments = labelled["sentiment"].value_counts()
    emotions = _sure(labelled, "emotion", run).value_counts()
    return {
        "n_feedback": len(feedback),
        "n_rows": len(rows),  # that hold it: one may have several answers
        "n_meaningful": len(labelled),
        "n_rejected": int(run.rejects["merged_into"].isna().sum()),
        "first": day(times.min()) if len(times) else None,
        "last": day(times.max()) if len(times) else None,
        "sources": feedback["source"].value_counts().sort_index().to_dict(),
        "nps": number(nps(rows["nps"]), 0),
        "n_nps": int(rows["nps"].notna().sum()),
        "rating": number(1 + 4 * rows["rating"].mean(), 2),
        "n_rating": int(rows["rating"].notna().sum()),
        "polarity": number(labelled["polarity"].mean(), 2),
        "sentiments": {s: int(sentiments.get(s, 0)) for s in order},
        "emotions": {
            str(k): int(v) for k, v in sorted(emotions.items(), key=lambda e: (-e[1], e[0]))
        },
    }


def _sure(feedback: pd.DataFrame, task: str, run: Run) -> pd.Series:
    """A label's values where the model is sure of them."""
    return feedback.loc[feedback[f"{task}_score"] >= run.thresholds[f"feedback.{task}"], task]


def _scope(run: Run) -> dict[str, Any]:
    """What the numbers rest on: files, assumptions, model, coverage."""
    manifest = run.manifest
    return {
        "files": [
            {
                k: f[k]
                for k in (
                    *("file", "layout", "rows", "taken", "merged", "rejected"),
                    *("not_meaningful", "other_languages", "assumptions", "ignored"),
                )
            }
            for f in manifest["inputs"]
        ],
        "rows": manifest["rows"],
        "coverage": manifest["coverage"],
        "errors_known_from": manifest.get("errors_known_from"),
        "model": {"name": manifest["model"]["name"], "digest": manifest["model"]["digest"][:12]},
        "privacy": manifest["privacy"],
        "vocx": manifest["vocx"],
        "reasons": run.rejects.loc[run.rejects["merged_into"].isna(), "reason"]
        .value_counts()
        .head(8)
        .to_dict(),
    }


def _stages(run: Run, journey: Journey, mentions: pd.DataFrame) -> list[dict[str, Any]]:
    """One entry per stage: how much is said there, how it feels, what hurts and what pleases."""
    feedback = run.feedback[run.feedback["meaningful"].astype(bool)]
    stage_of = journey.stages_of(feedback, run.thresholds.get("feedback.stage", 0.0))
    wanted = goals(run, journey)
    out = []
    for stage in journey.stages:
        mine, said = feedback[stage_of == stage.name], mentions[mentions["stage"] == stage.name]
        voices = said.groupby("feedback_id")["polarity"].mean()  # one that tells much is one voice
        emotions = _sure(mine, "emotion", run).value_counts()
        touchpoints = _sure(mine, "touchpoint", run).value_counts()
        entry: dict[str, Any] = {
            "name": stage.name,
            "title": stage.title or stage.name,
            "definition": stage.definition,
            "n_feedback": len(mine),
            "polarity": number(voices.mean(), 2),
            "polarity_low": number(voices.quantile(0.25), 2),
            "polarity_high": number(voices.quantile(0.75), 2),
            "n_mentions": len(said),
            "goals": wanted.get(stage.name, []),
            "emotions": [[str(e), int(n)] for e, n in emotions.head(3).items()],
            "touchpoints": [[str(t), int(n)] for t, n in touchpoints.head(3).items()],
        }
        for kind in ("pain", "win"):
            of_kind = said[(said["kind"] == kind) & said["theme"].notna()]
            tellers = of_kind.groupby("theme")["feedback_id"].nunique()
            top = sorted(tellers.items(), key=lambda t: (-t[1], t[0]))[:4]
            entry[f"{kind}s"] = [[theme_title(str(t)), int(n), str(t)] for t, n in top]
            entry[f"n_{kind}"] = int(said.loc[said["kind"] == kind, "feedback_id"].nunique())
        out.append(entry)
    return out


def _matrix(cells: pd.DataFrame, run: Run, journey: Journey) -> dict[str, Any]:
    """Cells of one kind in two grains: whole themes, and issues."""
    names = run.issues.set_index("issue_id")["name"].to_dict()
    theme_of = run.issues.set_index("issue_id")["theme"].to_dict()
    is_theme = cells["issue_id"].isna()
    out: dict[str, Any] = {"stages": journey.stage_names}
    for grain, part in (("themes", cells[is_theme]), ("issues", cells[~is_theme])):
        key = "theme" if grain == "themes" else "issue_id"
        total = part.groupby(key)["n_feedback"].sum()
        order = sorted(total.index, key=lambda k: (-total[k], k))
        columns = [
            {
                "id": k,
                "title": theme_title(k) if grain == "themes" else capital(names.get(k, k)),
                "under": "" if grain == "themes" else theme_title(theme_of.get(k)),
                "hint": _hint(k) if grain == "themes" else "",
                "n": int(total[k]),
            }
            for k in order
        ]
        found = {
            f"{c.stage}|{getattr(c, key)}": {
                "n": int(c.n_feedback),
                "share": number(c.share, 4),
                "low": number(c.share_low, 4),
                "high": number(c.share_high, 4),
                "corrected": [
                    number(c.n_corrected, 1),
                    number(c.n_corrected_low, 1),
                    number(c.n_corrected_high, 1),
                ],
                "impact": [number(c.impact), number(c.impact_low), number(c.impact_high)],
                "severity": number(c.severity, 1),
                "polarity": number(c.polarity, 2),
                "emotion": c.top_emotion,
            }
            for c in part.itertuples()
        }
        out[grain] = {"columns": columns, "cells": found}
    return out


def _hint(theme: str) -> str:
    known = load_themes().get(theme)
    return known.definition if known else ""


def _issues(run: Run, mentions: pd.DataFrame) -> list[dict[str, Any]]:
    """The issues, most voices first, with what each month said of them."""
    months = pd.Series(mentions["created_at"]).dt.strftime("%Y-%m")
    every = (
        pd.period_range(months.min(), months.max(), freq="M").astype(str)
        if months.notna().any()
        else []
    )
    out = []
    for issue in run.issues.itertuples():
        mine = mentions["issue_id"] == issue.issue_id
        counts = mentions[mine].groupby(months[mine])["feedback_id"].nunique()
        stages = mentions[mine].groupby("stage")["feedback_id"].nunique()
        out.append(
            {
                "id": issue.issue_id,
                "name": capital(issue.name),
                "kind": issue.kind,
                "theme": theme_title(issue.theme),
                "status": issue.status,
                "emotion": None if pd.isna(issue.emotion) else issue.emotion,
                "definition": issue.definition,
                "terms": list(issue.terms),
                "n_feedback": int(issue.n_feedback),
                "n_segments": int(issue.n_segments),
                "severity": number(issue.severity, 1),
                "polarity": number(issue.polarity, 2),
                "first": day(issue.first_seen),
                "last": day(issue.last_seen),
                "stages": {str(k): int(v) for k, v in stages.items()},
                "months": [[m, int(counts.get(m, 0))] for m in every],
                "examples": list(issue.examples),
            }
        )
    return out


def _groups(run: Run, mentions: pd.DataFrame) -> list[dict[str, Any]]:
    """For each group asked for: its themes, as a share of its feedback, beside everybody's."""
    themed = mentions[mentions["theme"].notna()].drop_duplicates(["feedback_id", "kind", "theme"])
    everybody = themed.groupby(["kind", "theme"]).size() / max(1, len(run.feedback))
    out = []
    for column in run.manifest["groups"]:
        for value, members in run.feedback.groupby(column)["feedback_id"]:
            mine = themed[themed["feedback_id"].isin(members)]
            shares = mine.groupby(["kind", "theme"]).size() / len(members)
            entry: dict[str, Any] = {
                "name": f"{column.removeprefix('x_')}: {value}",
                "n": len(members),
            }
            for kind in ("pain", "win"):
                of_kind = [(theme, share) for (k, theme), share in shares.items() if k == kind]
                top = sorted(of_kind, key=lambda t: (-t[1], t[0]))[:6]
                entry[f"{kind}s"] = [
                    [theme_title(str(t)), number(x, 4), number(everybody[kind, t], 4)]
                    for t, x in top
                ]
            out.append(entry)
    return out


def _quotes(mentions: pd.DataFrame, key: str) -> dict[str, list[dict[str, Any]]]:
    """Quotes by "kind|stage|theme or issue": surest first, one per feedback."""
    ordered = mentions.sort_values(["kind_score", "segment_id"], ascending=[False, True])
    known = ordered[ordered[key].notna()].drop_duplicates(["stage", key, "kind", "feedback_id"])
    return {
        f"{kind}|{stage}|{name}": [_quote(r) for r in rows.head(MAX_QUOTES).itertuples()]
        for (stage, name, kind), rows in known.groupby(["stage", key, "kind"], sort=True)
    }


def _quote(row: Any) -> dict[str, Any]:
    whole = row.whole
    return {
        "before": ("…" if row.start > _CONTEXT else "")
        + whole[max(0, row.start - _CONTEXT) : row.start],
        "text": row.text,
        "after": whole[row.end : row.end + _CONTEXT]
        + ("…" if len(whole) > row.end + _CONTEXT else ""),
        "source": row.source,
        "id": row.source_id,
        "day": day(row.created_at),
        "emotion": row.emotion,
        "severity": None if pd.isna(row.severity) else int(row.severity),
        "nps": None if pd.isna(row.nps) else int(row.nps),
        "stars": number(1 + 4 * row.rating, 1) if not pd.isna(row.rating) else None,
    }
