import numpy as np
from scipy.special import softmax

from vocx.labelled import text_digest
from vocx.train.calibrate import (
    calibrate,
    calibrating_weights,
    fit_knots,
    fit_mention_threshold,
    in_calibrating_tenth,
)


def test_one_text_in_ten_calibrates_and_spaces_do_not_matter() -> None:
    texts = [f"comment number {i}" for i in range(3000)]
    share = np.mean([in_calibrating_tenth(text_digest(t)) for t in texts])
    assert 0.07 < share < 0.13
    assert text_digest("A  late parcel") == text_digest(" a late PARCEL")


def test_the_threshold_reaches_its_target() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 4)) * 2
    truth = np.array([rng.choice(4, p=p) for p in softmax(logits, axis=1)])
    found = calibrate(logits * 3, truth, 0.85)
    assert abs(found.temperature - 3) < 0.3
    assert found.selective_accuracy >= 0.85 or found.coverage <= 0.51
    assert found.n == 4000


def test_knots_find_where_the_bands_divide() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(-2, 3, 2000)
    p = np.full((2000, 5), 0.05)
    p[np.arange(2000), truth + 2] += 0.75
    knots = fit_knots(p / p.sum(axis=1, keepdims=True), truth)
    assert (np.diff(knots) > 0).all()
    first = np.arange(2000) < 100
    of_few = fit_knots(p[first] / p[first].sum(axis=1, keepdims=True), truth[first])
    p[~first] = p[~first][:, ::-1]  # the others dispute all of it
    weighed = fit_knots(p / p.sum(axis=1, keepdims=True), truth, np.where(first, 1e3, 1e-3))
    assert np.allclose(weighed, of_few)


def test_the_mention_threshold_prefers_the_best_f1() -> None:
    p = np.array([[0.6, 0.4, 0.0], [0.55, 0.0, 0.45], [0.9, 0.1, 0.0]])
    found = fit_mention_threshold(p, ["pain", "win", "none"], ["none", "pain", "win"])
    assert 0.1 < found <= 0.4


def test_an_answer_is_right_to_the_share_of_coders_who_gave_it() -> None:
    logits = np.array([[3.0, 0.0], [0.0, 3.0]] * 10)
    found = calibrate(logits, np.array([[0.5, 0.5], [0.0, 1.0]] * 10), 0.9)
    assert found.accuracy == 0.75


def test_coders_who_judge_weigh_as_much_as_all_others() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(3000, 4)) * 2
    truth = np.array([rng.choice(4, p=p) for p in softmax(logits, axis=1)])
    truth[300:] = np.where(
        rng.random(2700) < 0.5, truth[300:], rng.integers(0, 4, 2700)
    )  # half guessed
    judging = np.arange(3000) < 300
    alone = calibrate(logits, truth, 0.85).temperature
    weights = calibrating_weights(judging, np.full(3000, "review"))
    weighed = calibrate(logits, truth, 0.85, weights).temperature
    nine_times = np.r_[np.tile(np.arange(300), 9), np.arange(300, 3000)]
    assert weighed < alone
    assert np.isclose(weighed, calibrate(logits[nine_times], truth[nine_times], 0.85).temperature)
    all_judge = calibrating_weights(np.ones(3000, bool), np.full(3000, "review"))
    assert calibrate(logits, truth, 0.85, all_judge).temperature == alone


def test_no_source_weighs_more_for_having_more_rows() -> None:
    judging = np.arange(1000) < 100
    sources = np.array(["review"] * 100 + ["social"] * 800 + ["survey"] * 90 + [None] * 10, object)
    weights = calibrating_weights(judging, sources)
    assert np.isclose(weights[judging].sum(), 900)
    for source in ("social", "survey", None):
        assert np.isclose(weights[~judging & (sources == source)].sum(), 300)
