"""Edits of a run's codebook, and runs that start from it."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from conftest import SAMPLES

from vocx.api import run
from vocx.codebook import load_codebook
from vocx.errors import UserError
from vocx.recode import Recoder, holds
from vocx.runs import Run, load_run

REVIEWS = str(SAMPLES / "product_and_app_reviews.jsonl")
TALKS = str(SAMPLES / "support_conversations.jsonl")
SURVEY = str(SAMPLES / "retail_survey_nps.csv")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("march") / "run"
    run([REVIEWS, TALKS], out)
    return out


@pytest.fixture
def march(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "march")
    return tmp_path / "march"


def biggest(found: Run, kind: str = "pain") -> pd.DataFrame:
    return found.issues[(found.issues["kind"] == kind) & ~found.issues["general"].astype(bool)]


def issue_of(found: Run) -> pd.Series:
    return found.segments.set_index("segment_id")["issue_id"]


def test_every_mention_has_an_issue_or_a_reason(made: Path) -> None:
    segments = load_run(made).segments
    mentions = segments[segments["kind"].isin(["pain", "win"])]
    assert (mentions["issue_id"].isna() == mentions["issue_reason"].notna()).all()
    assert segments.loc[segments["kind"] == "none", "issue_reason"].isna().all()


def test_a_merge_moves_its_mentions_and_nothing_else(march: Path) -> None:
    before = load_run(march)
    first, second = biggest(before)["issue_id"].iloc[:2]
    open_ = Recoder(march)
    open_.merge([first, second], "both of them")
    open_.save()
    after = load_run(march)
    want = issue_of(before).replace(second, first)
    assert issue_of(after).fillna("").equals(want.fillna(""))
    row = after.issues.set_index("issue_id").loc[first]
    assert (row["name"], list(row["parents"])) == ("both of them", [second])
    assert second not in set(after.issues["issue_id"]) | set(after.matrix["issue_id"].dropna())
    mine = after.segments[after.segments["issue_id"] == first]
    assert row["n_feedback"] == mine["feedback_id"].nunique()
    assert "both of them" in (march / "report.json").read_text()


def test_a_split_by_words(march: Path) -> None:
    before = load_run(march)
    issue = biggest(before).iloc[0]
    mine = before.segments[before.segments["issue_id"] == issue["issue_id"]]
    word = mine["text"].iloc[0].split()[0].strip(".,!?\"'")
    open_ = Recoder(march)
    new, n = open_.split(issue["issue_id"], "a part of it", word, [])
    open_.save()
    after = load_run(march)
    moved = after.segments[after.segments["issue_id"] == new.id]
    assert len(moved) == n == holds(mine["text"], word).sum()
    assert after.issues.set_index("issue_id").loc[new.id, "parents"] == [issue["issue_id"]]
    with pytest.raises(UserError, match="neither words nor examples"):
        Recoder(march).split(new.id, "x y", None, [])


def test_a_split_by_examples_takes_what_is_like_them(march: Path) -> None:
    before = load_run(march)
    issue = biggest(before).iloc[0]
    mine = before.segments[before.segments["issue_id"] == issue["issue_id"]]
    _, n = Recoder(march).split(issue["issue_id"], "like this", None, [mine["text"].iloc[0]])
    assert 1 <= n < len(mine)


def test_hidden_issues_leave_matrix_and_report_and_come_back(march: Path) -> None:
    issue = biggest(load_run(march)).iloc[0]
    for hidden in (True, False):
        open_ = Recoder(march)
        open_.book.hide(issue["issue_id"], hidden)
        open_.save()
        after = load_run(march)
        assert (issue["issue_id"] in set(after.matrix["issue_id"])) != hidden
        assert (issue["issue_id"] in (march / "report.json").read_text()) != hidden
        assert (after.segments["issue_id"] == issue["issue_id"]).any()


def test_an_added_issue_takes_the_mentions_it_is_told_by(march: Path) -> None:
    before = load_run(march)
    mine = before.segments[before.segments["kind"] == "pain"]["text"].iloc[0]
    open_ = Recoder(march)
    new, n = open_.add("as they said", "pain", "", [mine], None)
    open_.save()
    after = load_run(march)
    assert n >= 1
    assert mine in set(after.segments.loc[after.segments["issue_id"] == new.id, "text"])


def test_edits_outlive_a_rerun_and_reach_the_next_run(march: Path, tmp_path: Path) -> None:
    before = load_run(march)
    first, second = biggest(before)["issue_id"].iloc[:2]
    open_ = Recoder(march)
    open_.merge([first, second], "both of them")
    open_.book.rename(biggest(before, "win")["issue_id"].iloc[0], "what pleases them")
    open_.save()
    edited = load_run(march)
    run([REVIEWS, TALKS], march)
    again = load_run(march)
    assert (issue_of(again).fillna("") == issue_of(edited).fillna("")).mean() > 0.98
    april = run([REVIEWS, TALKS, SURVEY], tmp_path / "april", codebook=str(march))
    names = april.issues.set_index("issue_id")["name"]
    assert names[first] == "both of them"
    assert "what pleases them" in set(names)
    old = issue_of(april).reindex(issue_of(edited).index)
    assert (old.fillna("") == issue_of(edited).fillna("")).mean() > 0.95
    assert set(april.issues["status"]) <= {"known", "emerging"}
    assert april.manifest["codebook"]["started_from"] == load_codebook(march).digest
    assert set(edited.issues["issue_id"]) <= set(april.issues["issue_id"])  # dead ones stay


def test_a_codeframe_gives_the_columns_and_the_rest_emerges(tmp_path: Path) -> None:
    frame = tmp_path / "frame.csv"
    frame.write_text(
        "name,definition,examples\n"
        "App crash,The app crashes or freezes,the app crashes when I pay|app keeps crashing\n"
        "Unicorn shortage,No unicorns to be had,\n"
    )
    found = run([REVIEWS], tmp_path / "run", codebook=str(frame))
    by_name = found.issues.set_index("name")
    assert by_name.loc["App crash", "n_feedback"] > 0
    assert by_name.loc["App crash", "status"] == "known"
    assert (found.issues["status"] == "emerging").any()


def test_a_run_without_a_codebook_says_so(march: Path) -> None:
    (march / "codebook.yaml").unlink()
    with pytest.raises(UserError, match=r"has no codebook\.yaml"):
        Recoder(march)
