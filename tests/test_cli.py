import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from conftest import SAMPLES, TINY

from vocx.runs import Run

SURVEY = str(SAMPLES / "retail_survey_nps.csv")


def vocx(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "vocx", *words], capture_output=True, text=True)


def test_run_prints_the_matrix_and_where_the_report_is(tmp_path: Path) -> None:
    done = vocx("run", SURVEY, "--out", str(tmp_path / "run"), "--model", str(TINY))
    assert done.returncode == 0, done.stderr
    assert "Pains by stage" in done.stdout
    assert f"Report: {tmp_path / 'run'}/report.html" in done.stdout
    assert "labelling feedback: 210 of 210" in done.stderr


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["run", "nowhere.csv"], "nowhere.csv: no such file or folder"),
        (["run", SURVEY, "--set", "columns.text=Comment"], "there is no column 'Comment'"),
        (["run", SURVEY, "--journey", "vocx-11"], "unknown journey 'vocx-11'"),
        (["run", SURVEY, "--model", "gpt"], "unknown model 'gpt'"),
        (["run", SURVEY, "--period", "week"], "'period'"),
        (["run", SURVEY, "--set", "nonsense"], "is no key=value"),
    ],
)
def test_wrong_input_is_two_lines_and_exit_2(tmp_path: Path, words: list[str], what: str) -> None:
    done = vocx(*words, "--out", str(tmp_path / "run"))
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 2
    assert what in lines[0]
    assert not (tmp_path / "run").exists()


def test_an_empty_table_and_a_wrong_pipeline_key(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("id,text\n")
    assert "the table is empty" in vocx("run", str(empty), "--out", str(tmp_path / "r")).stderr
    pipeline = tmp_path / "p.yaml"
    pipeline.write_text(yaml.safe_dump({"inputs": [SURVEY], "modle": "voc-small"}))
    done = vocx("run", str(pipeline), "--out", str(tmp_path / "r"))
    assert done.returncode == 2
    assert "unknown key 'modle'" in done.stderr
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("what", ["matrix", "issues", "journey"])
def test_show(sample_run: Run, what: str) -> None:
    done = vocx("show", str(sample_run.path), what, "--journey", "customer-goals")
    assert done.returncode == 0, done.stderr
    if what != "issues":
        assert "seek" in done.stdout.lower()


def test_show_one_feedback_and_a_wrong_word(sample_run: Run) -> None:
    assert (
        "retail_survey_nps.csv row 2"
        in vocx("show", str(sample_run.path), "feedback", "R-0002").stdout
    )
    wrong = vocx("show", str(sample_run.path), "matrx")
    assert wrong.returncode == 2
    assert "did you mean 'matrix'?" in wrong.stderr


def test_report_by_another_journey(tmp_path: Path) -> None:
    vocx("run", SURVEY, "--out", str(tmp_path / "run"), "--model", str(TINY))
    done = vocx("report", str(tmp_path / "run"), "--journey", "customer-goals")
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / "run" / "report.json").read_text())
    assert facts["journey"]["name"] == "customer-goals"


def test_inspect_says_what_each_column_is_and_writes_nothing(tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    done = vocx("inspect", SURVEY)
    assert "nps           ← How likely" in done.stdout
    assert sorted(tmp_path.iterdir()) == before


def test_models_and_journeys() -> None:
    assert "voc-small" in vocx("models", "list").stdout
    assert "Where not to trust it" in vocx("models", "show", "voc-small").stdout
    assert vocx("journeys", "list").stdout.count("\n") == 6
    assert "covers" in vocx("journeys", "show", "customer-goals").stdout


def test_journeys_check(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    stages = [{"name": n, "definition": "d", "covers": [n]} for n in ("purchase", "use")]
    own.write_text(yaml.safe_dump({"name": "own", "stages": stages}))
    done = vocx("journeys", "check", str(own))
    assert "own: 2 stages, valid" in done.stdout
    assert "never counted: need" in done.stdout


def test_help_is_quick() -> None:
    """Import time beyond the interpreter's own; the best of five, as machines are noisy."""

    def seconds(*words: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, *words], capture_output=True, check=True)
        return time.perf_counter() - start

    bare = min(seconds("-c", "pass") for _ in range(5))
    assert min(seconds("-m", "vocx", "--help") for _ in range(5)) - bare < 0.45


def test_the_codebook_is_edited_from_the_command_line(tmp_path: Path) -> None:
    out = str(tmp_path / "run")
    reviews = str(SAMPLES / "product_and_app_reviews.jsonl")
    assert vocx("run", reviews, "--out", out, "--model", str(TINY)).returncode == 0
    listed = vocx("codebook", "list", out)
    key = next(line.split()[0] for line in listed.stdout.splitlines() if line.startswith("i-"))
    renamed = vocx("codebook", "rename", out, key, "as we call it")
    assert renamed.stdout == f"{key} is now 'as we call it'\n"
    assert "as we call it" in vocx("codebook", "list", out).stdout
    assert vocx("codebook", "hide", out, key).returncode == 0
    assert "as we call it" not in vocx("codebook", "list", out).stdout
    assert vocx("codebook", "hide", out, key, "--show").returncode == 0
    wrong = vocx("codebook", "merge", out, key, "as we cal it")
    assert wrong.returncode == 2
    assert "no issue has this name" in wrong.stderr
    frame = tmp_path / "frame.csv"
    frame.write_text("name,definition\nLate,Comes late\n")
    made = vocx("codebook", "import", str(frame), "--out", str(tmp_path / "book.yaml"))
    assert "1 issues" in made.stdout
