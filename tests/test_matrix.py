import numpy as np
import pandas as pd
import pytest
from conftest import SAMPLES
from hypothesis import given
from hypothesis import strategies as st

import vocx
from vocx.confusion import Corrected, KindErrors, load_confusion
from vocx.journey import load_journey
from vocx.matrix import build_matrix, period_of
from vocx.runs import Run
from vocx.stats import wilson


def test_cells_count_distinct_feedback(sample_run: Run) -> None:
    limits = sample_run.thresholds
    cells = sample_run.matrix.query(
        "group.isna() and period.isna() and issue_id.isna()", engine="python"
    )
    assert len(cells)
    for cell in cells.itertuples():
        s = sample_run.segments
        sure = s["stage_score"] >= limits["segment.stage"]
        themed = s["theme_score"] >= limits[f"segment.{cell.kind}_theme"]
        mine = s[
            (s["kind"] == cell.kind)
            & (s["stage"] == cell.stage)
            & (s["theme"] == cell.theme)
            & sure
            & themed
        ]
        assert cell.n_feedback == mine["feedback_id"].nunique()
        assert cell.share == pytest.approx(cell.n_feedback / len(sample_run.feedback), rel=1e-5)
        assert cell.share_low <= cell.share <= cell.share_high


def test_months_add_up_to_the_whole(sample_run: Run) -> None:
    m = sample_run.matrix
    themes = m[m["issue_id"].isna() & m["group"].isna()]
    whole = themes[themes["period"].isna()].set_index(["stage", "theme", "kind"])["n_feedback"]
    months = (
        themes[themes["period"].notna()].groupby(["stage", "theme", "kind"])["n_feedback"].sum()
    )
    assert sample_run.feedback["created_at"].notna().all()
    assert (whole.sort_index() == months.sort_index()).all()


def test_groups_are_named_by_column_and_value(sample_run: Run) -> None:
    assert set(sample_run.matrix["group"].dropna()) == {
        "segment=busy family",
        "segment=home maker 55+",
        "segment=new mover",
    }


def test_a_coarser_journey_keeps_every_voice(sample_run: Run) -> None:
    fine, coarse = (
        build_matrix(
            sample_run.feedback,
            sample_run.segments,
            load_journey(j),
            sample_run.thresholds,
            sample_run.issues,
        )
        for j in ("vocx-10", "awareness-to-advocacy")
    )
    for table in (fine, coarse):
        assert set(table["stage"]) <= set(load_journey("vocx-10").stage_names) | set(
            load_journey("awareness-to-advocacy").stage_names
        )
    assert set(fine["theme"].dropna()) == set(coarse["theme"].dropna())
    assert coarse["n_feedback"].max() >= fine["n_feedback"].max()


def test_no_mentions_make_an_empty_matrix(sample_run: Run) -> None:
    none = sample_run.segments.assign(kind="none")
    assert build_matrix(
        sample_run.feedback,
        none,
        load_journey("vocx-10"),
        sample_run.thresholds,
        sample_run.issues,
    ).empty


@given(st.integers(1, 500), st.data())
def test_wilson_holds_the_share_and_stays_in_0_1(total: int, data: st.DataObject) -> None:
    n = data.draw(st.integers(0, total))
    low, high = wilson(np.array([n]), total)
    assert 0 <= low[0] <= n / total <= high[0] <= 1


def test_periods_have_names() -> None:
    times = pd.Series(pd.to_datetime(["2026-03-31", None], utc=True))
    assert period_of(times, "month").tolist() == ["2026-03", None]
    assert period_of(times, "quarter").tolist() == ["2026-Q1", None]


def test_a_model_that_knows_its_errors_gives_corrected_counts() -> None:
    texts = ["The parcel came nine days late.", "The app crashes at login every time."] * 12
    run = vocx.analyze(
        pd.DataFrame({"id": range(24), "text": [f"{t} {k}" for k, t in enumerate(texts)]})
    )
    whole = run.matrix[run.matrix["issue_id"].isna()]
    assert whole["n_corrected"].notna().all()
    assert (whole["n_corrected_low"] <= whole["n_corrected"]).all()
    assert (whole["n_corrected"] <= whole["n_corrected_high"]).all()
    assert run.matrix.loc[run.matrix["issue_id"].notna(), "n_corrected"].isna().all()


def test_a_voice_at_two_fine_stages_is_corrected_as_one_at_a_coarser(
    sample_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a model that makes no errors, corrected counts are the counts."""

    def unchanged(
        _: KindErrors, counted: np.ndarray, __: int, rows: list[list[int]], **___: int
    ) -> Corrected:
        whole = np.array([counted[r].sum(axis=0) for r in rows])
        return Corrected(whole, whole, whole)

    monkeypatch.setattr("vocx.matrix.correct", unchanged)
    segments = sample_run.segments.copy()
    told = segments[segments["theme"].notna() & segments["kind"].eq("pain")].head(40)
    twice = told.assign(segment_id=told["segment_id"] + "+", stage="fulfilment", stage_score=1.0)
    segments = pd.concat([segments, twice], ignore_index=True)
    matrix = build_matrix(
        sample_run.feedback, segments, load_journey("customer-goals"), sample_run.thresholds, sample_run.issues,
        confusion=load_confusion(SAMPLES.parents[1] / "models" / "voc-small"),
    )  # fmt: skip
    known = matrix[matrix["n_corrected"].notna()]
    assert len(known) > 10
    assert np.allclose(known["n_corrected"], known["n_feedback"])
    assert np.allclose(known["n_corrected_high"], known["n_feedback"])


def test_small_cells_are_left_out_where_that_is_asked() -> None:
    texts = ["The parcel came nine days late."] * 12 + ["The app crashes at login every time."] * 3
    frame = pd.DataFrame({"id": range(15), "text": [f"{t} {k}" for k, t in enumerate(texts)]})
    assert vocx.analyze(frame).matrix["n_feedback"].min() < 5
    assert vocx.analyze(frame, suppress=5).matrix["n_feedback"].min() >= 5
