from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import SAMPLES, TINY
from typer.testing import CliRunner

from vocx.api import run
from vocx.cli import app
from vocx.compare import compare, in_words
from vocx.runs import Run

WORDS = [
    "The parcel came nine days late.",
    "The app crashes at login.",
    "I was charged a hidden fee.",
    "Rude staff at the desk.",
]


def period(folder: Path, late: int, others: int, name: str) -> Run:
    """A run over complaints of four kinds, the first told ``late`` times."""
    texts = WORDS[:1] * late + [WORDS[1 + k % 3] for k in range(others)]
    rows = pd.DataFrame(
        {
            "id": range(len(texts)),
            "comment": texts,
            "rating": [1, 2, 3, 4, 5] * (len(texts) // 5) + [3] * (len(texts) % 5),
        }
    )
    folder.mkdir(exist_ok=True)
    rows.to_csv(folder / f"{name}.csv", index=False)
    return run([str(folder / f"{name}.csv")], folder / f"{name}-run", model=str(TINY), name=name)


@pytest.fixture(scope="module")
def march(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return period(tmp_path_factory.mktemp("march"), 30, 170, "march")


@pytest.fixture(scope="module")
def april(tmp_path_factory: pytest.TempPathFactory, march: Run) -> Run:
    return period(tmp_path_factory.mktemp("april"), 90, 170, "april")


def test_a_run_against_itself_has_no_change(march: Run) -> None:
    found = compare(march, march)
    assert (found.changes["change"] == 0).all()
    assert not (found.changes["q"] <= 0.05).any()
    assert (found.scores["change"] == 0).all()


def test_what_grew_is_found(march: Run, april: Run) -> None:
    found = compare(march, april)
    grown = found.found("theme", 1)
    assert len(grown)
    assert grown["change_low"].iloc[0] > 0


def test_the_parts_of_a_change_add_up(march: Run, april: Run) -> None:
    changes = compare(march, april).changes
    parts = changes[["volume", "mix", "rate", "model"]].sum(axis=1)
    assert np.allclose(parts, changes["n_after"] - changes["n_before"])


def test_a_change_of_sources_is_mix_and_not_rate(march: Run) -> None:
    """The same words, only that the second kind of source has more of the feedback."""
    half = march.feedback.index % 2 == 0
    told = march.feedback["text"].str.contains("late").to_numpy()
    source = np.where(told | half, "review", "survey")
    before = replace(march, feedback=march.feedback.assign(source=source))
    kept = before.feedback[
        (before.feedback["source"] == "review") | (before.feedback.index % 4 == 1)
    ]
    after = replace(
        before,
        feedback=kept,
        segments=before.segments[before.segments["feedback_id"].isin(kept["feedback_id"])],
    )
    found = compare(before, after).changes
    late = found[(found["level"] == "theme")].sort_values("n_before").iloc[-1]
    assert late["mix"] != 0


def test_a_retrained_model_is_no_trend(march: Run, tmp_path: Path) -> None:
    assert march.path is not None
    again = run([str(march.path.parent / "march.csv")], tmp_path / "run", model="voc-small")
    found = compare(march, again)
    assert not (found.changes["q"] <= 0.05).any()
    assert (found.changes["model"] != 0).any()
    assert np.allclose(found.changes["rate"], 0)
    assert "model changed" in found.notes[0]
    assert "issue" not in set(found.changes["level"])


def edited(run: Run, issues: pd.DataFrame, segments: pd.DataFrame) -> Run:
    """The run as it were, had a later one begun with its codebook and these been the issues."""
    began = {**run.manifest["codebook"], "started_from": "a codebook"}
    return replace(run, issues=issues, segments=segments, manifest={**run.manifest, "codebook": began})  # fmt: skip


def particular(run: Run) -> list[str]:
    pains = run.issues[~run.issues["general"].astype(bool) & (run.issues["kind"] == "pain")]
    return pains["issue_id"].tolist()


def test_a_merge_and_a_split_are_no_trends(sample_run: Run) -> None:
    one, other = particular(sample_run)[:2]
    parents = [[other] if i == one else [] for i in sample_run.issues["issue_id"]]
    merged = sample_run.issues.assign(parents=parents)
    merged = merged[merged["issue_id"] != other].reset_index(drop=True)
    segments = sample_run.segments.assign(
        issue_id=sample_run.segments["issue_id"].replace(other, one)
    )
    for after in (
        edited(sample_run, merged, segments),
        edited(sample_run, split_off(sample_run, one), sample_run.segments),
    ):
        found = compare(sample_run, after)
        issues = found.changes[found.changes["level"] == "issue"]
        assert len(issues)
        assert (issues["n_before"] == issues["n_after"]).all()
        assert not found.notes


def split_off(run: Run, issue: str) -> pd.DataFrame:
    """The issues with one more, split from one of them."""
    new = run.issues[run.issues["issue_id"] == issue].assign(issue_id="i-new", name="another")
    new["parents"] = [[issue]]
    return pd.concat([run.issues, new], ignore_index=True)


def test_a_hidden_issue_is_not_fading(sample_run: Run) -> None:
    hidden = particular(sample_run)[0]
    status = sample_run.issues["status"].where(sample_run.issues["issue_id"] != hidden, "hidden")
    found = compare(
        sample_run, edited(sample_run, sample_run.issues.assign(status=status), sample_run.segments)
    )
    assert hidden not in set(found.changes["issue_id"])
    assert not (found.changes["q"] <= 0.05).any()
    assert "hidden in one of the runs" in found.notes[0]


def test_issues_of_runs_that_know_nothing_of_each_other_are_not_compared(sample_run: Run) -> None:
    """General issues have the same id in every run, and tell nothing of the others."""
    general = sample_run.issues["general"].astype(bool)
    ids = sample_run.issues["issue_id"].where(general, "x" + sample_run.issues["issue_id"])
    own = dict(zip(sample_run.issues["issue_id"], ids, strict=True))
    other = replace(sample_run, issues=sample_run.issues.assign(issue_id=ids),
                    segments=sample_run.segments.assign(issue_id=sample_run.segments["issue_id"].map(own)))  # fmt: skip
    found = compare(sample_run, other)
    assert "issue" not in set(found.changes["level"])
    assert "did not begin with the earlier one's codebook" in found.notes[0]


def test_who_gives_a_score_and_no_words_counts_in_it(tmp_path: Path) -> None:
    runs = []
    for name, silent in (("before", 10), ("after", 0)):
        rows = pd.DataFrame(
            {"comment": WORDS[:3] * 5 + [None] * 15, "nps": [1] * 15 + [silent] * 15}
        )
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
        runs.append(run([str(tmp_path / f"{name}.csv")], tmp_path / name, model=str(TINY)))
    score = compare(*runs).scores.iloc[0]
    assert (score["before"], score["after"], score["n_before"]) == (0.0, -100.0, 30)
    assert "**NPS** 0.0 (n 30) → -100.0 (n 30)" in in_words(compare(*runs), *runs)


def test_the_summary_says_what_changed(march: Run, april: Run, tmp_path: Path) -> None:
    told = in_words(compare(march, april), march, april)
    assert "# What changed: march to april" in told
    assert "Pains told of more" in told
    result = CliRunner().invoke(
        app, ["compare", str(march.path), str(april.path), "--out", str(tmp_path / "c")]
    )
    assert result.exit_code == 0, result.output
    assert (tmp_path / "c" / "summary.md").read_text(encoding="utf-8") == told


def test_samples_of_two_runs_can_be_compared(sample_run: Run) -> None:
    assert SAMPLES.is_dir()
    found = compare(sample_run, sample_run)
    assert set(found.changes["level"]) == {
        "stage",
        "theme",
        "issue",
        "theme_at_stage",
        "issue_at_stage",
    }
