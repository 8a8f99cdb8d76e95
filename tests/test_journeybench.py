"""The shipped models against real comments that trained nothing, through the whole line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SHARED

from vocx.api import run

BENCH = SHARED / "journeybench"
FLOORS = {  # a little under what the cards say
    "voc-small": {
        "stage_accuracy": 0.76, "touchpoint_accuracy": 0.73, "emotion_accuracy": 0.69,
        "sentiment_accuracy_3": 0.82, "sentiment_qwk_5": 0.87, "pain_f1": 0.75, "win_f1": 0.79,
        "pain_theme_accuracy": 0.53, "mention_stage_accuracy": 0.80, "severity_qwk": 0.56,
        "issue_v_measure": 0.55,
    },
    "voc-base": {
        "stage_accuracy": 0.78, "touchpoint_accuracy": 0.75, "emotion_accuracy": 0.77,
        "sentiment_accuracy_3": 0.88, "sentiment_qwk_5": 0.89, "pain_f1": 0.77, "win_f1": 0.81,
        "pain_theme_accuracy": 0.57, "mention_stage_accuracy": 0.82, "severity_qwk": 0.65,
    },
    "voc-cascade": {
        "stage_accuracy": 0.77, "touchpoint_accuracy": 0.73, "emotion_accuracy": 0.76,
        "sentiment_accuracy_3": 0.87, "sentiment_qwk_5": 0.89, "pain_f1": 0.77, "win_f1": 0.80,
    },
}  # fmt: skip


@pytest.mark.skipif(not BENCH.is_dir(), reason="the labelled data is not beside the repository")
@pytest.mark.parametrize("model", sorted(FLOORS))
def test_the_shipped_models_reach_their_floors(model: str, tmp_path: Path) -> None:
    def score(*words: str | Path) -> str:
        command = [sys.executable, str(BENCH / "score.py"), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    score("export", BENCH / "dev.jsonl", tmp_path / "dev.csv")
    run(str(tmp_path / "dev.csv"), tmp_path / "run", model=model)
    found = json.loads(score("run", tmp_path / "run", BENCH / "dev.jsonl"))
    assert found["n_found"] == found["n_gold"]
    floors = FLOORS[model]
    assert {k: found[k] for k in floors if found[k] < floors[k]} == {}
