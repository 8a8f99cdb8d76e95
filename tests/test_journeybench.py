"""The shipped model against real comments that trained nothing, through the whole line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SHARED

from vocx.api import run

BENCH = SHARED / "journeybench"
FLOORS = {
    "stage_accuracy": 0.70,
    "touchpoint_accuracy": 0.62,
    "emotion_accuracy": 0.60,
    "sentiment_accuracy_3": 0.77,
    "pain_f1": 0.60,
    "pain_theme_accuracy": 0.40,
}


@pytest.mark.skipif(not BENCH.is_dir(), reason="the labelled data is not beside the repository")
def test_the_shipped_model_reaches_its_floors(tmp_path: Path) -> None:
    def score(*words: str | Path) -> str:
        command = [sys.executable, str(BENCH / "score.py"), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    score("export", BENCH / "dev.jsonl", tmp_path / "dev.csv")
    run(str(tmp_path / "dev.csv"), tmp_path / "run")
    found = json.loads(score("run", tmp_path / "run", BENCH / "dev.jsonl"))
    assert found["n_found"] == found["n_gold"]
    assert {k: found[k] for k in FLOORS if found[k] < FLOORS[k]} == {}
