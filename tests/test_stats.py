import numpy as np
import pytest

from vocx.stats import (
    false_discovery,
    newcombe,
    nps_interval,
    nps_points,
    p_of_change,
    scale_interval,
    wilson,
)


def test_wilson_keeps_its_promise_for_rare_things() -> None:
    n = np.random.default_rng(0).binomial(400, 0.02, 4000)
    low, high = wilson(n, 400)
    assert 0.93 < float(np.mean((low <= 0.02) & (high >= 0.02))) < 0.98


def test_newcombe_keeps_its_promise_for_a_difference() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.binomial(300, 0.03, 4000), rng.binomial(500, 0.05, 4000)
    low, high = newcombe(a, 300, b, 500)
    assert 0.93 < float(np.mean((low <= 0.02) & (high >= 0.02))) < 0.98


def test_p_of_change_is_even_where_nothing_changed() -> None:
    rng = np.random.default_rng(2)
    p = p_of_change(rng.binomial(1000, 0.03, 4000), 1000, rng.binomial(1000, 0.03, 4000), 1000)
    assert 0.03 < float(np.mean(p <= 0.05)) < 0.07


def test_false_discovery_leaves_out_what_was_not_tested() -> None:
    q = false_discovery(np.array([0.001, np.nan, 0.5]))
    assert np.isnan(q[1])
    assert q[0] == pytest.approx(0.002)


def test_weights_move_discoveries_to_where_they_are_likely() -> None:
    p = np.array([0.01, 0.01, 0.01, 0.01])
    q = false_discovery(p, np.array([10, 1, 1, 1]))
    assert q[0] < q[1]


def test_one_answer_has_a_mean_and_no_interval() -> None:
    for interval, value in ((lambda x: scale_interval(x, 1, 5), 4.0), (nps_interval, -100.0)):
        mean, low, high = interval(np.array([4.0]))
        assert mean == value
        assert np.isnan(low)
        assert np.isnan(high)
        assert np.isnan(interval(np.array([]))[0])


@pytest.mark.parametrize("shares", [(0, 0, 0.1, 0, 0.9), (0.15, 0.05, 0.05, 0.15, 0.6), (0.2,) * 5,
                                    (0.7, 0.1, 0.1, 0.05, 0.05), (0.05, 0, 0, 0, 0.95)])  # fmt: skip
@pytest.mark.parametrize("n", [3, 10, 30, 100])
def test_the_interval_of_a_mean_keeps_its_promise_for_few_answers(
    shares: tuple[float, ...], n: int
) -> None:
    rng, stars = np.random.default_rng(4), np.arange(1, 6)
    answers = rng.choice(stars, (1500, n), p=shares).astype(float)
    intervals = np.array([scale_interval(a, 1, 5) for a in answers])
    mean = float(np.dot(stars, shares))
    assert ((intervals[:, 1] <= mean) & (mean <= intervals[:, 2])).mean() > 0.935
    assert ((intervals[:, 1] <= intervals[:, 0]) & (intervals[:, 0] <= intervals[:, 2])).all()
    assert intervals[:, 1:].min() >= 1
    assert intervals[:, 1:].max() <= 5


def test_nps_of_few_who_all_say_the_same_is_not_sure() -> None:
    value, low, high = nps_interval(np.array([0.0, 1.0]))
    assert value == -100
    assert low == -100 or low > -101
    assert high > -50
    assert nps_points(np.array([9, 7, 6])).tolist() == [100, 0, -100]


def test_nps_interval_keeps_its_promise() -> None:
    rng = np.random.default_rng(3)
    answers = rng.choice([10, 8, 3], (2000, 40), p=[0.5, 0.3, 0.2])
    intervals = [nps_interval(a) for a in answers.astype(float)]
    assert 0.92 < np.mean([low <= 30 <= high for _, low, high in intervals]) < 0.98
