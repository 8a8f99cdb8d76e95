import numpy as np
import pandas as pd

from vocx.classify import band, polarity, top, with_mixed
from vocx.schema import BAND_CUTS

KNOTS = np.array([-0.6, -0.1, 0.2, 0.6])


def test_polarity_is_monotone_in_the_expected_step_and_bounded() -> None:
    p = np.eye(5)
    values = polarity(p, KNOTS)
    assert (np.diff(values) > 0).all()
    assert values[0] == -1
    assert values[-1] == 1


def test_a_knot_lands_on_its_cut() -> None:
    weight = 1.2 * np.eye(5)[1] + 0.0  # expected step -0.6
    assert np.isclose(polarity(np.array([weight]), KNOTS)[0], BAND_CUTS[0])


def test_bands_of_nothing_and_tops_of_nothing() -> None:
    assert band(np.array([])).tolist() == []
    assert top(np.zeros((0, 3)), np.array(["a", "b", "c"]))[0].tolist() == []


def test_mixed_needs_a_pain_a_win_and_little_leaning() -> None:
    feedback = pd.DataFrame(
        {
            "feedback_id": ["a", "b", "c", "d"],
            "polarity": [0.1, 0.9, 0.1, None],
            "sentiment": ["neutral", "very_positive", "neutral", None],
        }
    )
    segments = pd.DataFrame(
        {"feedback_id": ["a", "a", "b", "b", "c"], "kind": ["pain", "win", "pain", "win", "pain"]}
    )
    found = with_mixed(feedback, segments)
    assert found.tolist()[:3] == ["mixed", "very_positive", "neutral"]
    assert pd.isna(found[3])
