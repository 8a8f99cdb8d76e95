import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import SAMPLES, TINY

from vocx.evaluate import (
    evaluate_model,
    macro_f1,
    reliability,
    risk_coverage,
    score_labels,
    score_mentions,
    score_sets,
)


def test_every_task_of_the_labelled_sample_is_scored() -> None:
    scores = evaluate_model(str(TINY), SAMPLES / "labelled_feedback.jsonl")
    assert set(scores["tasks"]) == {"stage", "touchpoint", "emotion", "sentiment"}
    assert scores["tasks"]["stage"]["accuracy"] > 0.5  # it was trained on these
    for task in scores["tasks"].values():
        assert task["accuracy_low"] <= task["accuracy"] <= task["accuracy_high"]
        assert sum(c["n"] for c in task["confusion"]) == task["n"]
        assert {s["by"] for s in task["slices"]} >= {"length", "source"}
    assert {"pain_f1", "win_f1", "stage_accuracy", "severity_weighted_kappa"} <= set(
        scores["mentions"]
    )


def test_rows_in_which_nobody_looked_for_mentions_do_not_count(tmp_path: Path) -> None:
    coded = (SAMPLES / "labelled_feedback.jsonl").read_text().splitlines()[:20]
    rows = [json.loads(line) for line in coded]
    bare = [{k: v for k, v in r.items() if k != "mentions"} | {"id": f"b{r['id']}"} for r in rows]
    for name, more in (("coded", []), ("both", bare)):
        lines = [json.dumps(r) for r in [*rows, *more]]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    one, two = (evaluate_model(str(TINY), tmp_path / f"{n}.jsonl") for n in ("coded", "both"))
    assert two["n"] == 2 * one["n"]
    assert two["mentions"] == one["mentions"]


def test_intervals_are_narrower_with_more_rows() -> None:
    rng = np.random.default_rng(0)

    def width(n: int) -> float:
        truth = rng.choice(["a", "b"], n).astype(object)
        said = np.where(rng.random(n) < 0.8, truth, "a")
        found = score_labels(truth, said, rng.random(n), 0.5)
        return found["accuracy_high"] - found["accuracy_low"]

    assert width(2000) < width(100) / 2


def test_a_class_with_few_cases_does_not_count_in_macro_f1() -> None:
    counts = np.array([[10, 0], [2, 0]])
    assert macro_f1(counts) == pytest.approx(20 / 22)
    assert macro_f1(counts, least=1) == pytest.approx(10 / 22)


def test_tables_of_trust_hold_every_row() -> None:
    score, right = np.linspace(0, 1, 50), np.arange(50) % 2 == 0
    assert sum(b["n"] for b in reliability(score, right)) == 50
    assert risk_coverage(score, right)[-1]["accuracy"] == right.mean()


def test_sets_of_labels() -> None:
    found = score_sets(pd.Series(["a; b", "b", "a"]), np.array(["a; b", "b", "b"], object))
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert [c["label"] for c in found["classes"]] == ["a", "b"]


def test_a_segment_matches_the_quote_whose_words_it_shares() -> None:
    segments = pd.DataFrame({
        "feedback_id": ["f", "f"], "text": ["the parcel came nine days late", "lovely lid"],
        "kind": ["pain", "win"], "stage": ["fulfilment", "use"],
        "touchpoint": ["delivery", "product"], "theme": ["late-delivery", None],
        "severity": [2, None],
    })  # fmt: skip
    mentions = pd.DataFrame({
        "feedback_id": ["f", "f"], "quote": ["parcel came nine days late", "cheap"],
        "kind": ["pain", "pain"], "stage": ["fulfilment", "use"],
        "touchpoint": ["delivery", "product"], "theme": ["late-delivery", "x"], "severity": [2, 1],
    })  # fmt: skip
    found = score_mentions(segments, mentions)
    assert found["pain_precision"] == 1
    assert found["pain_recall"] == 0.5
    assert found["win_precision"] == 0
    assert found["stage_accuracy"] == found["pain_theme_accuracy"] == 1
