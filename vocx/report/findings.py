"""What the counted tables say of scores, costs, moments of truth, groups, paths and conversations."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pandas as pd

from vocx.journey import Journey
from vocx.report.plain import capital, number
from vocx.runs import Run
from vocx.themes import theme_title
from vocx.turns import customer_words

SMALL = 5  # customers below which a cell is marked, and left out where that is asked
_MOST_COSTS = 25
_MOMENTS = 5
_SURE = 0.05  # false discovery rate up to which a moment of truth is one
_GOAL = re.compile(
    r"\b(?:trying|tried|try|wanted|want|wanting|needed|need|hoping|hoped|struggled|attempted|attempting|unable|able|going|came|went|called|rang) to "
    r"(?!be\b|say\b|have\b|see\b|know\b|do\b|go\b|like\b|make\b|come\b|get (?:a )?(?:to|the point)\b)([a-z]{3,}) ((?:[a-z'-]+ ?){1,4})",
    re.I,
)
_LOOSE = frozenset(
    "my the a an your our their this that some it its his her me us them you back just even again".split()
)
_BREAK = re.compile(
    r"\b(?:and|but|because|so|which|who|when|as|if|for|from|with|at|by|or|after|before|since|on|in|of|to|is|was|were|are)\b",
    re.I,
)


def scores_of(run: Run, level: str) -> list[dict[str, Any]]:
    """The scores of everybody at each stage, or each touchpoint."""
    mine = run.scores[
        (run.scores["level"] == level) & run.scores["group"].isna() & run.scores["period"].isna()
    ]
    out = []
    for name, rows in mine.groupby("name", sort=False, dropna=False):
        entry: dict[str, Any] = {"name": None if pd.isna(name) else str(name)}
        for row in rows.itertuples():
            told = {
                "n": int(row.n),
                "value": number(row.value),
                "low": number(row.low),
                "high": number(row.high),
            }
            if row.measure == "emotion":
                entry.setdefault("emotions", []).append([row.of, told["value"]])
            else:
                entry[row.measure] = told
        out.append(entry)
    return out


def costs(run: Run) -> dict[str, Any] | None:
    """What costs and earns most points of the main score; null without a score."""
    score = run.manifest.get("score")
    mine = run.effects[run.effects["score"] == score]
    if score is None or mine.empty:
        return None
    names = run.issues.set_index("issue_id")["name"].to_dict()
    hidden = set(run.issues.loc[run.issues["status"] == "hidden", "issue_id"])
    found: dict[str, Any] = {"score": score, "n_scored": int(mine["n_scored"].iloc[0])}
    for level in ("issue", "theme"):
        rows = mine[(mine["level"] == level) & ~mine["issue_id"].isin(hidden)].sort_values("rank")
        found[f"{level}s"] = [
            {
                "id": row.issue_id or row.theme,
                "name": capital(names.get(row.issue_id, "")) if row.issue_id else theme_title(row.theme),
                "theme": theme_title(row.theme),
                "kind": row.kind,
                "n": int(row.n_told),
                "q": number(row.q, 4),
                "rank": [int(row.rank), int(row.rank_low), int(row.rank_high)],
                **{k: number(getattr(row, k)) for k in (
                    "share", "naive", "effect", "effect_low", "effect_high", "impact", "impact_low", "impact_high")},
            }
            for row in pd.concat([rows.head(_MOST_COSTS), rows.tail(10)]).drop_duplicates(["theme", "issue_id", "kind"]).itertuples()
        ]  # fmt: skip
    return found


def moments_of_truth(run: Run) -> list[dict[str, Any]]:
    """Where the score moves most for the most people: themes at stages, surely told from chance.

    Without such, or a score: where the polarity of what is told, times the number who tell it, is largest.
    """
    score = run.manifest.get("score")
    mine = run.effects[(run.effects["score"] == score) & (run.effects["level"] == "theme_at_stage")]
    mine = mine[mine["q"] <= _SURE]
    if len(mine):
        order = mine["impact"].abs().sort_values(ascending=False, kind="stable").index
        return [
            _moment(r, r.n_told)
            | {"impact": number(r.impact), "effect": number(r.effect), "low": number(r.effect_low), "high": number(r.effect_high), "score": score}
            for r in mine.loc[order].head(_MOMENTS).itertuples()
        ]  # fmt: skip
    cells = _everybody(run.matrix)
    cells = cells[cells["issue_id"].isna() & (cells["n_feedback"] >= SMALL)]
    weight = (cells["polarity"].abs() * cells["n_feedback"]).sort_values(
        ascending=False, kind="stable"
    )
    return [
        _moment(r, r.n_feedback) | {"polarity": number(r.polarity), "score": None}
        for r in cells.loc[weight.index].head(_MOMENTS).itertuples()
    ]


def _moment(row: Any, n: int) -> dict[str, Any]:
    return {
        "stage": row.stage,
        "theme": row.theme,
        "title": theme_title(row.theme),
        "kind": row.kind,
        "n": int(n),
    }


def _everybody(matrix: pd.DataFrame) -> pd.DataFrame:
    return matrix[matrix["group"].isna() & matrix["period"].isna()]


def goals(run: Run, journey: Journey) -> dict[str, list[list[Any]]]:
    """What customers say at each stage that they tried or wanted to do: [words, customers], commonest first."""
    said = run.feedback[run.feedback["meaningful"].astype(bool)]
    stage_of = journey.stages_of(said, run.thresholds.get("feedback.stage", 0.0))
    found: dict[str, Counter[str]] = {}
    for text, stage in zip(customer_words(said), stage_of, strict=True):
        if isinstance(stage, str):
            told = {_goal(m) for m in _GOAL.finditer(text)} - {""}
            found.setdefault(stage, Counter()).update(told)
    return {
        stage: [[g, n] for g, n in sorted(c.items(), key=lambda x: (-x[1], x[0])) if n > 1][:3]
        for stage, c in found.items()
    }


def _goal(match: re.Match[str]) -> str:
    """A verb and what it is done to, without small words."""
    rest = _BREAK.split(match.group(2), maxsplit=1)[0].lower().split()
    kept = [w for w in rest if w not in _LOOSE][:2]
    return f"{match.group(1).lower()} {' '.join(kept)}" if kept else ""


def journeys_of_groups(run: Run, journey: Journey) -> list[dict[str, Any]]:
    """Each group's journey, side by side: what each stage scores there, its first pain and win."""
    score = run.manifest.get("score")
    cells = run.matrix[run.matrix["period"].isna() & run.matrix["issue_id"].isna()]
    out = []
    for group in [None, *run.scores["group"].dropna().unique()]:
        of = run.scores["group"].isna() if group is None else run.scores["group"] == group
        mine = run.scores[of & run.scores["period"].isna()]
        at = {(r.level, r.name if isinstance(r.name, str) else None, r.measure): r for r in mine[mine["measure"] != "emotion"].itertuples(index=False)}  # fmt: skip
        held = cells[cells["group"].isna() if group is None else cells["group"] == group]
        stages = []
        for stage in journey.stage_names:
            entry: dict[str, Any] = {"name": stage}
            for measure in {"polarity", score} - {None}:
                if row := at.get(("stage", stage, measure)):
                    entry[str(measure)] = [
                        number(row.value),
                        number(row.low),
                        number(row.high),
                        int(row.n),
                    ]
            for kind in ("pain", "win"):
                top = held[(held["stage"] == stage) & (held["kind"] == kind)].head(1)
                entry[kind] = [[theme_title(r.theme), int(r.n_feedback)] for r in top.itertuples()]
            stages.append(entry)
        whole = at.get(("all", None, "polarity"))
        out.append({"name": group, "n": int(whole.n) if whole else 0, "stages": stages})
    return out if len(out) > 1 else []


def paths_of(run: Run) -> dict[str, Any] | None:
    """Steps of customers from stage to stage, and the pains that come before leaving."""
    if run.paths.empty:
        return None
    steps = run.paths[run.paths["what"] == "step"].sort_values(
        ["n_persons", "from_stage", "to_stage"], ascending=[False, True, True]
    )
    before = run.paths[
        (run.paths["what"] == "before_leaving") & (run.paths["n_persons"] > 1)
    ].sort_values(["q", "theme"])
    return {
        "steps": [
            {"from": r.from_stage, "to": r.to_stage, "n": int(r.n_persons), "of": int(r.n_of), "share": number(r.share),
             "low": number(r.share_low), "high": number(r.share_high), "change": number(r.polarity_change, 2),
             "across": int(r.across_sources)}
            for r in steps.head(20).itertuples()
        ],
        "before_leaving": [
            {"title": theme_title(r.theme), "n": int(r.n_persons), "of": int(r.n_of), "share": number(r.share),
             "low": number(r.share_low), "high": number(r.share_high), "others": number(r.share_others), "q": number(r.q, 4)}
            for r in before.head(8).itertuples()
        ],
    }  # fmt: skip


def conversations_of(run: Run) -> dict[str, Any] | None:
    """How conversations go: polarity at start and end, where it hurts, and how many are resolved."""
    talks = run.feedback[run.feedback["polarity_start"].notna()]
    if talks.empty:
        return None
    start, end = talks["polarity_start"].astype(float), talks["polarity_end"].astype(float)
    ending = talks["resolved"].dropna().astype(bool)
    return {
        "n": len(talks),
        "start": number(start.mean(), 2),
        "end": number(end.mean(), 2),
        "slope": number(talks["polarity_slope"].astype(float).mean(), 2),
        "better": int((end - start > 0.1).sum()),
        "worse": int((end - start < -0.1).sum()),
        "pain_at": number(talks["pain_at"].astype(float).median(), 2),
        "resolved": int(ending.sum()),
        "unresolved": int((~ending).sum()),
        "untold": len(talks) - len(ending),
    }
