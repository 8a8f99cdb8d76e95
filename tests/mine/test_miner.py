import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from vocx.mine import IssueMiner
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
    assert (~miner.issues_["general"].astype(bool)).sum() == 2
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


def test_one_angry_customer_is_no_particular_issue(
    mentions: pd.DataFrame, vectors: np.ndarray
) -> None:
    mentions["feedback_id"] = "f0"
    assert IssueMiner().fit(mentions, vectors).issues_["general"].all()


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


def test_what_is_in_no_particular_issue_is_of_its_theme_in_general(
    mentions: pd.DataFrame, vectors: np.ndarray
) -> None:
    odd = mentions.iloc[:2].assign(text=["lid cracked", "paint peels"], feedback_id=["x", "y"])
    both = pd.concat([mentions, odd], ignore_index=True)
    apart = np.hstack(
        [np.vstack([vectors, np.zeros((2, 2))]), np.vstack([np.zeros((8, 2)), np.eye(2)])]
    )
    miner = IssueMiner().fit(both, apart)
    found = both.join(miner.predict(both, apart)).merge(miner.issues_, on="issue_id")
    assert set(found.loc[found["general"].astype(bool), "text"]) == {"lid cracked", "paint peels"}
    general = found.loc[found["general"].astype(bool)]
    assert general["name"].unique().tolist() == ["defective product in general"]
    assert (general["issue_score"] == 0.9).all()  # the theme's


def test_a_mention_of_no_issue_says_why(mentions: pd.DataFrame, vectors: np.ndarray) -> None:
    odd = mentions.iloc[:2].assign(text=["lid cracked", "not again"], theme=None, feedback_id="x")
    both = pd.concat([mentions, odd], ignore_index=True)
    apart = np.hstack(
        [np.vstack([vectors, np.zeros((2, 2))]), np.vstack([np.zeros((8, 2)), np.eye(2)])]
    )
    found = IssueMiner().fit(both, apart).predict(both, apart)
    assert found["issue_id"].isna().tolist() == [False] * 8 + [True] * 2
    assert found["issue_reason"].tolist()[-2:] == ["too_rare", "too_vague"]


def with_odd_ones(mentions: pd.DataFrame, vectors: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """The mentions and six more that have nothing to do with anything."""
    texts = ["lid cracked", "rude driver", "long queue", "dear tea", "dull colour", "lost my card"]
    more = mentions.iloc[:6].assign(text=texts, feedback_id=[f"odd{i}" for i in range(6)])
    joined = pd.concat([mentions, more.assign(theme=None)], ignore_index=True)
    left = np.vstack([vectors, np.zeros((6, 2))])
    return joined, np.hstack([left, np.vstack([np.zeros((8, 6)), np.eye(6)])])


def test_known_issues_keep_their_ids_and_new_ones_emerge(
    mentions: pd.DataFrame, vectors: np.ndarray
) -> None:
    mentions, vectors = with_odd_ones(mentions, vectors)
    march = np.r_[0:6, 8:14]  # too few screws to be an issue
    first = IssueMiner().fit(mentions.iloc[march], vectors[march])
    place = dict(zip(mentions["text"], range(len(mentions)), strict=True))
    own = vectors[[place[t] for t in first.members_["text"]]]
    second = IssueMiner().fit(mentions, vectors, first.issues_, first.members_, own)
    before = first.predict(mentions.iloc[march], vectors[march])["issue_id"]
    after = second.predict(mentions, vectors)["issue_id"]
    assert before[:4].tolist() == after[:4].tolist()
    assert after[4:8].nunique() == 1
    status = second.issues_.set_index("issue_id")["status"]
    assert status[after[0]] == "known"
    assert status[after[5]] == "emerging"


def test_without_themes_all_pains_are_searched_at_once(
    mentions: pd.DataFrame, vectors: np.ndarray
) -> None:
    mentions["theme"] = ["late-delivery"] * 3 + ["hard-to-use"] + ["noise"] * 4
    miner = IssueMiner(within_themes=False).fit(mentions, vectors)
    found = miner.predict(mentions, vectors)["issue_id"]
    assert found[:4].nunique() == 1
    assert miner.issues_["theme"].isna().all()
