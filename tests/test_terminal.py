import pytest

from vocx.journey import load_journey
from vocx.runs import Run
from vocx.terminal import Bars, print_feedback, print_issues, print_journey, print_matrix

JOURNEY = load_journey("vocx-10")


def test_the_matrix_names_every_stage(sample_run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    print_matrix(sample_run, JOURNEY, "pain")
    shown = capsys.readouterr().out
    assert all(s in shown for s in JOURNEY.stage_names)


def test_issues_journey_and_feedback_print(
    sample_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    print_issues(sample_run, "pain")
    print_journey(sample_run, JOURNEY)
    print_feedback(sample_run, "R-0001")
    shown = capsys.readouterr().out
    assert "voices" in shown
    assert "Fulfilment" in shown
    assert "retail_survey_nps.csv row 1" in shown


def test_without_a_terminal_progress_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as bars:
        bars.update("label", 0, 2)
        bars.update("label", 2, 2)
    assert capsys.readouterr().err.splitlines() == ["labelling feedback: 2 of 2"]
