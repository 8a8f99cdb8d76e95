"""What changed between two runs: rate, mix, severity and scores, with tests, and no model taken for a trend.

A change in a count has parts that add up: *volume* (more feedback), *mix* (more of a source in which the thing
is told oftener), *rate* (it is told oftener within a source), and *model* (the later run's model finds more of
it in the same words: the earlier feedback is labelled anew by it). Only rates are tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from vocx.errors import UserError
from vocx.impact import SCORES, points
from vocx.journey import Journey
from vocx.pipeline import label_shard, load_model
from vocx.runs import Run, answered_once, counted_mentions
from vocx.stats import Z95, false_discovery, newcombe, p_of_change
from vocx.themes import theme_title

LEVELS = {
    "stage": ["stage", "kind"],
    "theme": ["theme", "kind"],
    "issue": ["issue_id", "kind"],
    "theme_at_stage": ["stage", "theme", "kind"],
    "issue_at_stage": ["stage", "issue_id", "kind"],
}
DISCOVERY = 0.05  # false discovery rate up to which a change is called one
_LEAST = 8  # feedback, in both runs together, that tell of something, for its change to be tested
_LEAST_GRADED = 10  # ... in each run, for its severity to be compared


@dataclass
class Comparison:
    """Two runs compared.

    Attributes
    ----------
    changes : a row for each thing told of in either run; see `compare`.
    scores : a row for each score, of all and at each stage.
    notes : what one must know to read them.
    n_before, n_after : feedback that says something, in each run.
    """

    changes: pd.DataFrame
    scores: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    n_before: int = 0
    n_after: int = 0

    def found(self, level: str, direction: int = 0) -> pd.DataFrame:
        """Changes of a level that are called so, largest first; up (1), down (-1), or both."""
        mine = self.changes[(self.changes["level"] == level) & (self.changes["q"] <= DISCOVERY)]
        if direction:
            mine = mine[np.sign(mine["change"]) == direction]
        return mine.loc[mine["change"].abs().sort_values(ascending=False, kind="stable").index]


@dataclass
class _Side:
    """One run's feedback that says something, and its counted mentions."""

    feedback: pd.DataFrame
    mentions: pd.DataFrame


def compare(before: Run, after: Run) -> Comparison:
    """What changed from one run to a later one, both by the later one's journey.

    Returns
    -------
    Comparison, whose ``changes`` have: level (see `LEVELS`), stage, theme, issue_id, kind; n_before, n_after;
    share_before (by the later model), share_after, change and its interval change_low, change_high (Newcombe
    1998), p (mid-p of Fisher's test, where enough tell of it), q (false discovery rate within the
    level, weighted by how many tell of it in both runs together); volume, mix,
    rate, model: parts of n_after - n_before; severity_before, severity_after, severity_p (Welch's test); status
    (emerging: new in the later run and surely so; fading: no longer told, surely).
    """
    journey = after.journey
    if (
        journey.by_examples
        and before.manifest["journey_stages"] != after.manifest["journey_stages"]
    ):
        raise UserError(
            "the runs have different journeys, and the later one's is told by examples",
            f"run both by it: vocx run ... --journey {journey.name}",
        )
    notes: list[str] = []
    names = _names_in_both(before, after)
    old, new = (
        _side(run, journey, own)
        for run, own in zip((before, after), names or ({}, {}), strict=True)
    )
    again = old
    if before.manifest["model"]["digest"] != after.manifest["model"]["digest"]:
        again = _labelled_again(before, after, journey)
        notes.append(
            f"The model changed ({before.manifest['model']['name']} to {after.manifest['model']['name']}, or a new "
            "training): the earlier feedback was labelled again by the later model, and that is compared; what "
            "relabelling alone did stands under 'model'. Issues are not tested."
        )
    elif names is None and len(before.issues) and len(after.issues):
        notes.append(
            "The later run did not begin with the earlier one's codebook, so issues are not compared. Run it with "
            "--codebook and the earlier one's folder."
        )
    elif names and (left := _left_out(before, names[0]) + _left_out(after, names[1])):
        notes.append(
            f"Issues that are hidden in one of the runs, or that one of them could not know, are not compared: {left}. "
            "Running the earlier feedback by the later codebook makes them comparable."
        )
    parts = []
    for level, keys in LEVELS.items():
        if "issue_id" in keys and (names is None or again is not old):
            continue
        parts.append(_changes(old, again, new, keys).assign(level=level))
    changes = pd.concat(parts, ignore_index=True)
    changes["status"] = _status(changes, before, after)
    return Comparison(
        changes,
        _score_changes(before, after, journey),
        notes,
        len(old.feedback),
        len(new.feedback),
    )


Names = dict[str, str]  # an issue's id in a run, to the one it is compared by


def _names_in_both(before: Run, after: Run) -> tuple[Names, Names] | None:
    """The ids by which each run's issues are compared; null where the later run began with another codebook.

    An edit is no trend: merged issues are one in both runs, a split one stays whole, and what is hidden in
    one of the runs is so in both. An issue that one of the runs could not know is not compared, unless
    the later run found it.
    """
    old, new = (r.issues.set_index("issue_id") for r in (before, after))
    merged = {p: i for i, parents in new["parents"].items() for p in parents if p not in new.index}
    of_old = {i: i if i in new.index else merged.get(i) for i in old.index}
    began = after.manifest["codebook"].get("started_from")
    particular = old.index[~old["general"].astype(bool)]
    if set(old.index) != set(new.index) and not (began and any(of_old[i] for i in particular)):
        return None
    of_new = {}
    for issue in new.itertuples():
        split_from = [p for p in issue.parents if p in new.index and p in old.index]
        found = issue.Index in set(of_old.values()) or issue.status == "emerging"
        of_new[issue.Index] = issue.Index if found else next(iter(split_from), None)
    hidden = {of_old[i] for i in old.index[old["status"] == "hidden"]}
    hidden |= {of_new[i] for i in new.index[new["status"] == "hidden"]}
    a, b = ({i: n for i, n in of.items() if n and n not in hidden} for of in (of_old, of_new))
    return a, b


def _left_out(run: Run, names: Names) -> int:
    """How many particular issues that somebody tells of are not compared."""
    told = (run.issues["n_feedback"] > 0) & ~run.issues["general"].astype(bool)
    return int((told & ~run.issues["issue_id"].isin(names)).sum())


def _side(run: Run, journey: Journey, names: Names) -> _Side:
    feedback = run.feedback[run.feedback["meaningful"].astype(bool)].reset_index(drop=True)
    named = run.segments.assign(issue_id=run.segments["issue_id"].map(names).astype(object))
    named["issue_id"] = named["issue_id"].where(named["issue_id"].notna(), None)
    return _Side(feedback, counted_mentions(named, journey, run.thresholds))


def _labelled_again(before: Run, after: Run, journey: Journey) -> _Side:
    """The earlier feedback by the later run's model."""
    model = load_model(after.manifest["config"]["model"])
    if model.digest != after.manifest["model"]["digest"]:
        raise UserError(
            f"the model '{model.name}' is not the one the later run was made with",
            "run the later input again, or name the folder of its model in --model",
        )
    bare = [c for c in before.feedback.columns if c not in _LABELS]
    feedback, segments = label_shard(before.feedback[bare].reset_index(drop=True), model)
    segments = segments.assign(issue_id=None, journey_stage=None, journey_stage_score=np.nan)
    said = feedback[feedback["meaningful"].astype(bool)].reset_index(drop=True)
    return _Side(said, counted_mentions(segments, journey, model.thresholds))


_LABELS = frozenset(
    "stage stage_score touchpoint touchpoint_score polarity sentiment emotion emotion_score journey_stage "
    "journey_stage_score polarity_start polarity_end polarity_slope pain_at resolved".split()
)


def _changes(old: _Side, again: _Side, new: _Side, keys: list[str]) -> pd.DataFrame:
    """A row for each thing told of in either run."""
    n_old, n_new = len(old.feedback), len(new.feedback)
    told = [
        s.mentions.dropna(subset=keys).groupby(keys)["feedback_id"].nunique()
        for s in (old, again, new)
    ]
    every = told[0].index.union(told[1].index).union(told[2].index)
    counts = [t.reindex(every, fill_value=0).to_numpy() for t in told]
    out = every.to_frame(index=False).reindex(columns=["stage", "theme", "issue_id", "kind"])
    before, after = counts[1] / max(n_old, 1), counts[2] / max(n_new, 1)
    low, high = newcombe(counts[1], n_old, counts[2], n_new)
    enough = counts[1] + counts[2] >= _LEAST
    p = np.where(enough, p_of_change(counts[1], n_old, counts[2], n_new), np.nan)
    mix = _mix(again, new, keys, every)
    rate = (after - before) * n_new - mix
    return out.assign(
        n_before=counts[0], n_after=counts[2], share_before=before, share_after=after,
        change=after - before, change_low=low, change_high=high, p=p,
        q=false_discovery(p, counts[1] + counts[2]),
        volume=(n_new - n_old) * before, mix=mix, rate=rate, model=counts[1] - counts[0],
        **_severities(again, new, keys, every),
    )  # fmt: skip


def _mix(old: _Side, new: _Side, keys: list[str], every: pd.Index) -> np.ndarray:
    """(n,) how many more would tell of each thing had only the shares of sources changed."""
    total = np.zeros(len(every))
    source_of = dict(zip(old.feedback["feedback_id"], old.feedback["source"], strict=True))
    sizes = [s.feedback["source"].value_counts(normalize=True) for s in (old, new)]
    counts = old.feedback["source"].value_counts()
    known = old.mentions.dropna(subset=keys)
    sources = known["feedback_id"].map(source_of)
    whole = known.groupby(keys)["feedback_id"].nunique().reindex(
        every, fill_value=0
    ).to_numpy() / max(1, len(old.feedback))
    for source in sizes[0].index.union(sizes[1].index):
        moved = sizes[1].get(source, 0.0) - sizes[0].get(source, 0.0)
        mine = known[sources == source].groupby(keys)["feedback_id"].nunique()
        share = (
            mine.reindex(every, fill_value=0).to_numpy() / counts[source]
            if source in counts
            else whole
        )
        total += moved * share * len(new.feedback)
    return total


def _severities(old: _Side, new: _Side, keys: list[str], every: pd.Index) -> dict[str, Any]:
    """Mean severity of pains in each run, and the p of no difference where enough are graded."""
    from scipy.stats import ttest_ind_from_stats

    stats = []
    for side in (old, new):
        graded = side.mentions.dropna(subset=[*keys, "severity"])
        voices = graded.groupby([*keys, "feedback_id"])["severity"].mean()
        stats.append(voices.groupby(keys).agg(["mean", "std", "size"]).reindex(every))
    a, b = stats
    enough = ((a["size"] >= _LEAST_GRADED) & (b["size"] >= _LEAST_GRADED)).to_numpy()
    spread = ((a["std"].fillna(0) + b["std"].fillna(0)) > 0).to_numpy()
    p = np.full(len(every), np.nan)
    rows = enough & spread
    if rows.any():
        p[rows] = ttest_ind_from_stats(
            *(a[c].to_numpy(float)[rows] for c in ("mean", "std", "size")),
            *(b[c].to_numpy(float)[rows] for c in ("mean", "std", "size")), equal_var=False,
        )[1]  # fmt: skip
    return {"severity_before": a["mean"].to_numpy(), "severity_after": b["mean"].to_numpy(),
            "severity_p": p, "severity_q": false_discovery(p)}  # fmt: skip


def _status(changes: pd.DataFrame, before: Run, after: Run) -> list[str | None]:
    """Emerging or fading, of issues whose change is called one."""
    sure = changes["q"] <= DISCOVERY
    issue = changes["level"] == "issue"
    appeared = issue & sure & (changes["n_before"] == 0)
    vanished = issue & sure & (changes["n_after"] == 0)
    return [
        "emerging" if a else "fading" if v else None
        for a, v in zip(appeared, vanished, strict=True)
    ]


def _score_changes(before: Run, after: Run, journey: Journey) -> pd.DataFrame:
    """Each score of all and at each stage, in both runs, with the interval of the difference."""
    rows = []
    stages = [
        journey.stages_of(r.feedback, after.thresholds.get("feedback.stage", 0.0))
        for r in (before, after)
    ]
    for score in SCORES:
        for stage in (None, *journey.stage_names):
            values = [
                points(answered_once(f if stage is None else f[of == stage]), score).dropna().to_numpy(float)
                for f, of in zip((before.feedback, after.feedback), stages, strict=True)
            ]  # fmt: skip
            if min(len(v) for v in values) < _LEAST_GRADED:
                continue
            a, b = values
            spread = Z95 * np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
            change = b.mean() - a.mean()
            rows.append({"score": score, "stage": stage, "n_before": len(a), "n_after": len(b),
                         "before": a.mean(), "after": b.mean(), "change": change,
                         "change_low": change - spread, "change_high": change + spread})  # fmt: skip
    names = "score stage n_before n_after before after change change_low change_high".split()
    return pd.DataFrame(rows, columns=names)


def in_words(found: Comparison, before: Run, after: Run) -> str:
    """One page that an analyst could send on, in Markdown."""
    names = (
        before.issues.set_index("issue_id")["name"].to_dict()
        | after.issues.set_index("issue_id")["name"].to_dict()
    )
    general = set(
        after.issues.loc[after.issues["general"].astype(bool), "issue_id"]
    )  # as their themes
    titles = [str(r.manifest["config"]["name"]) for r in (before, after)]
    lines = [
        f"# What changed: {titles[0]} to {titles[1]}", "",
        f"{found.n_before:,} feedback before, {found.n_after:,} after. Shares are of feedback that says something. A change is "
        f"called one where the false discovery rate is at most {DISCOVERY:.0%} among all that was tested at its level.", "",
        *(f"> {note}\n" for note in found.notes),
    ]  # fmt: skip
    for row in found.scores[found.scores["stage"].isna()].itertuples():
        surely = "" if row.change_low <= 0 <= row.change_high else " (more than chance)"
        lines.append(f"- **{_score_name(row.score)}** {row.before:.1f} (n {row.n_before:,}) → {row.after:.1f} (n {row.n_after:,}): "
                     f"{row.change:+.1f} ({row.change_low:+.1f} to {row.change_high:+.1f}){surely}")  # fmt: skip
    for title, kind, direction in (
        ("Pains told of more", "pain", 1), ("Pains told of less", "pain", -1),
        ("Wins told of more", "win", 1), ("Wins told of less", "win", -1),
    ):  # fmt: skip
        rows = [
            r
            for level in ("theme", "issue")
            for r in found.found(level, direction).itertuples()
            if r.kind == kind and r.issue_id not in general
        ]
        lines += ["", f"## {title}", ""]
        lines += [f"- {_sentence(r, names)}" for r in rows[:8]] or ["- Nothing, beyond chance."]
    for status in ("emerging", "fading"):
        rows = found.changes[found.changes["status"] == status]
        if len(rows):
            lines += ["", f"## {status.capitalize()} issues", ""]
            lines += [f"- {_sentence(r, names)}" for r in rows.head(8).itertuples()]
    worse = found.changes[
        (found.changes["level"] == "theme") & (found.changes["severity_q"] <= DISCOVERY)
    ]
    if len(worse):
        lines += ["", "## Graver or milder", ""]
        lines += [
            f"- {theme_title(r.theme)}: severity {r.severity_before:.1f} → {r.severity_after:.1f} of 3"
            for r in worse.itertuples()
        ]
    tested = found.changes["p"].notna().groupby(found.changes["level"]).sum()
    lines += [
        "",
        "Tested: "
        + ", ".join(f"{n} at level {k.replace('_', ' ')}" for k, n in tested.items())
        + ".",
    ]
    return "\n".join(lines) + "\n"


def _score_name(score: str) -> str:
    return {"rating": "Mean rating"}.get(score, score.upper())


def _sentence(row: Any, names: dict[str, str]) -> str:
    """One change as a person would tell it."""
    issue = row.issue_id if isinstance(row.issue_id, str) else None
    name = names.get(issue, issue) if issue else theme_title(row.theme)
    name = name[:1].upper() + name[1:]
    parts = [(part, getattr(row, part)) for part in ("volume", "mix", "rate", "model")]
    told: Sequence[str] = [f"{part} {value:+.0f}" for part, value in parts if abs(value) >= 0.5]
    return (
        f"**{name}**: {row.share_before:.1%} → {row.share_after:.1%} ({row.change * 100:+.1f} points, "
        f"{row.change_low * 100:+.1f} to {row.change_high * 100:+.1f}; q {row.q:.3f}); "
        f"{int(row.n_before)} → {int(row.n_after)} feedback: {', '.join(told) or 'no part of note'}"
    )
