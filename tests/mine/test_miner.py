import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from vocx.mine import IssueMiner, issue_table
from vocx.mine.miner import issue_id

BATTERY = ["battery will not hold charge", "battery died after weeks", "the battery died again", "battery charge gone"]  # fmt: skip
SCREWS = ["bag of screws missing", "screws were missing", "one bag of screws short", "missing screws again"]  # fmt: skip


@pytest.fixture
def mentions() -> pd.DataFrame:
    texts = BATTERY + SCREWS
    return pd.DataFrame(
        {
            "segment_id": [f"f{i}/0" for i in range(8)],
            "feedback_id": [f"f{i}" for i in range(8)],
            "text": texts,
            "kind": "pain",
            "theme": "defective-product",
            "theme_score": 0.9,
            "polarity": -0.5,
            "severity": 2,
        }
    )


@pytest.fixture
def vectors() -> np.ndarray:
    rows = np.array([[1.0, 0.1]] * 4 + [[0.1, 1.0]] * 4)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_two_faults_inside_one_theme_are_two_issues(
    mentions: pd.DataFrame, vectors: np.ndarray
) -> None:
    miner = IssueMiner().fit(mentions, vectors)
    found = miner.predict(mentions, vectors)["issue_id"]
    assert len(miner.issues_) == 2
    assert found[:4].nunique() == found[4:].nunique() == 1
    assert found[0] != found[4]
    assert any("battery" in n for n in miner.issues_["name"])


def test_permuting_mentions_changes_nothing_but_their_order(
    mentions: pd.DataFrame, vectors: np.ndarray
) -> None:
    order = np.random.default_rng(3).permutation(8)
    shuffled = mentions.iloc[order].reset_index(drop=True)
    one = IssueMiner().fit(mentions, vectors).predict(mentions, vectors)["issue_id"]
    two = IssueMiner().fit(shuffled, vectors[order]).predict(shuffled, vectors[order])["issue_id"]
    assert one.to_numpy()[order].tolist() == two.tolist()


def test_one_angry_customer_is_no_issue(mentions: pd.DataFrame, vectors: np.ndarray) -> None:
    mentions["feedback_id"] = "f0"
    assert IssueMiner().fit(mentions, vectors).issues_.empty


def test_an_uncertain_theme_is_outside_all_themes(
    mentions: pd.DataFrame, vectors: np.ndarray
) -> None:
    mentions["theme_score"] = 0.1
    miner = IssueMiner(theme_threshold={"pain": 0.5}).fit(mentions, vectors)
    assert miner.issues_["theme"].isna().all()


def test_ids_rest_on_kind_theme_and_name_alone() -> None:
    assert issue_id("pain", "x", "late parcel") == issue_id("pain", "x", "late parcel")
    assert issue_id("pain", "x", "late parcel") != issue_id("win", "x", "late parcel")
    assert issue_id("pain", None, "late parcel").startswith("i-")


def test_the_estimator_contract() -> None:
    assert clone(IssueMiner(min_feedback=5)).min_feedback == 5


def test_the_issue_table_counts_feedback_once_and_quotes_different_people(mentions: pd.DataFrame, vectors: np.ndarray) -> None:  # fmt: skip
    mentions["feedback_id"] = ["a", "a", "b", "c", "d", "e", "f", "g"]
    miner = IssueMiner().fit(mentions, vectors)
    found = mentions.join(miner.predict(mentions, vectors))
    times = pd.to_datetime(["2026-01-01"] * 7, utc=True)
    feedback = pd.DataFrame({"feedback_id": list("abcdefg"), "created_at": times})
    table = issue_table(miner.issues_, found, feedback, vectors).set_index("name")
    battery = table[[("battery" in n) for n in table.index]].iloc[0]
    assert (battery["n_feedback"], battery["n_segments"]) == (3, 4)
    assert len(battery["examples"]) == 3


def test_what_is_in_no_particular_issue_is_of_its_theme_in_general(
    mentions: pd.DataFrame, vectors: np.ndarray
) -> None:
    odd = ["lid cracked", "handle wobbles", "paint peels", "zip jammed"]
    more = mentions.iloc[:4].assign(
        text=odd, feedback_id=[f"g{i}" for i in range(4)], segment_id=[f"g{i}/0" for i in range(4)]
    )
    both = pd.concat([mentions, more], ignore_index=True)
    apart = np.hstack(
        [np.vstack([vectors, np.zeros((4, 2))]), np.vstack([np.zeros((8, 4)), np.eye(4)])]
    )
    miner = IssueMiner().fit(both, apart)
    found = both.join(miner.predict(both, apart)).merge(miner.issues_, on="issue_id")
    assert miner.issues_["issue_id"].is_unique
    assert set(found.loc[found["general"], "text"]) == set(odd)
    assert found.loc[found["general"], "name"].unique().tolist() == ["defective product in general"]
    few = miner.predict(both.iloc[:9], apart[:9])
    assert few["issue_id"].notna().all()
    outside = both.assign(theme=None)
    assert not IssueMiner().fit(outside, apart).issues_["general"].any()


def test_too_few_left_over_are_no_general_issue(
    mentions: pd.DataFrame, vectors: np.ndarray
) -> None:
    odd = mentions.iloc[:2].assign(text=["lid cracked", "paint peels"], feedback_id=["x", "y"])
    both = pd.concat([mentions, odd], ignore_index=True)
    apart = np.hstack(
        [np.vstack([vectors, np.zeros((2, 2))]), np.vstack([np.zeros((8, 2)), np.eye(2)])]
    )
    miner = IssueMiner().fit(both, apart)
    assert not miner.issues_["general"].any()
    assert miner.predict(both, apart)["issue_id"].isna().tolist() == [False] * 8 + [True] * 2
