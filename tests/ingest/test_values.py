import pandas as pd
import pytest

from vocx.ingest.values import is_meaningful, to_nps, to_unit, to_utc


@pytest.mark.parametrize(
    ("values", "role", "wanted"),
    [
        ([1, 3, 5], "rating", [0.0, 0.5, 1.0]),
        ([0, 5, 10], "rating", [0.0, 0.5, 1.0]),
        ([1, 4, 7], "ces", [0.0, 0.5, 1.0]),
        ([20, 100, 60], "rating", [0.2, 1.0, 0.6]),
        ([1, 5, None], "csat", [0.0, 1.0, None]),
    ],
)
def test_scores_come_to_0_1(values: list, role: str, wanted: list) -> None:
    scaled, _ = to_unit(pd.Series(values, dtype=object), role)
    assert [None if pd.isna(v) else v for v in scaled] == wanted


def test_nps_outside_0_10_is_null() -> None:
    assert to_nps(pd.Series(["10", "11", "-1", "7.5", "x"])).isna().tolist() == [
        False,
        True,
        True,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("2026-03-01T10:00:00+02:00", "2026-03-01 08:00"),
        ("2026-03-01 10:00", "2026-03-01 10:00"),
        (1772359200, "2026-03-01 10:00"),
        (1772359200000, "2026-03-01 10:00"),
        (1772359200000000, "2026-03-01 10:00"),
        ("1 March 2026", "2026-03-01 00:00"),
    ],
)
def test_times_of_many_kinds_become_utc(given: object, wanted: str) -> None:
    times, assumption = to_utc(pd.Series([given], dtype=object))
    assert times.dt.strftime("%Y-%m-%d %H:%M").tolist() == [wanted]
    assert assumption


def test_day_first_is_found_from_the_whole_column() -> None:
    times, assumption = to_utc(pd.Series(["03/04/2026", "25/04/2026"]))
    assert times.dt.month.tolist() == [4, 4]
    assert "day first" in assumption


def test_what_is_no_time_is_null() -> None:
    assert to_utc(pd.Series(["yesterday", "2026-01-01"]))[0].isna().tolist() == [True, False]


@pytest.mark.parametrize("text", ["", ".", "N/A", "none", "No comment", "-", "  "])
def test_non_answers(text: str) -> None:
    assert not is_meaningful(text)


@pytest.mark.parametrize("text", ["Late", "too dear", "none of the staff helped"])
def test_short_answers_still_count(text: str) -> None:
    assert is_meaningful(text)


def test_iso_dates_among_day_first_ones_stay_as_they_are() -> None:
    times, _ = to_utc(pd.Series(["31/01/2026", "2026-05-02", "2026-11-03"]))
    assert times.dt.strftime("%m-%d").tolist() == ["01-31", "05-02", "11-03"]


def test_a_file_that_cannot_tell_says_so() -> None:
    assert "nothing in the file tells" in to_utc(pd.Series(["03/04/2026", "05/06/2026"]))[1]


def test_scores_with_words_beside_them() -> None:
    assert to_nps(pd.Series(["10 - Extremely likely", "0 - Not at all", "7/10"])).tolist() == [
        10,
        0,
        7,
    ]
