from dataclasses import replace
from pathlib import Path

from openpyxl import load_workbook

from vocx.journey import load_journey
from vocx.report import build_facts
from vocx.report.xlsx import write_xlsx
from vocx.runs import Run

JOURNEY = load_journey("vocx-10")


def test_the_workbook_holds_the_matrix_and_every_mention(sample_run: Run) -> None:
    assert sample_run.path is not None
    book = load_workbook(sample_run.path / "report.xlsx")
    assert book.sheetnames == [
        "Matrix pains",
        "Matrix wins",
        "Issues",
        "Cells",
        "Costs",
        "Scores",
        "Mentions",
        "Feedback",
        "About",
    ]
    mentions = sample_run.segments["kind"].isin(["pain", "win"]).sum()
    assert book["Mentions"].max_row == mentions + 1
    assert book["Feedback"].max_row == len(sample_run.feedback) + 1
    cells = build_facts(sample_run, JOURNEY)["matrices"]["pain"]["themes"]["cells"]
    shown = [
        c.value
        for row in book["Matrix pains"].iter_rows(min_row=2, min_col=2)
        for c in row
        if c.value
    ]
    assert sorted(shown) == sorted(c["n"] for c in cells.values())


def test_a_comment_that_looks_like_a_formula_is_text(sample_run: Run, tmp_path: Path) -> None:
    feedback = sample_run.feedback.copy()
    feedback.loc[0, "text"] = '=HYPERLINK("http://x.example","click")'
    run = replace(sample_run, feedback=feedback)
    write_xlsx(run, build_facts(sample_run, JOURNEY), JOURNEY, tmp_path / "r.xlsx")
    sheet = load_workbook(tmp_path / "r.xlsx")["Feedback"]
    column = [c.value for c in sheet[1]].index("text") + 1
    cell = sheet.cell(row=2, column=column)
    assert cell.data_type == "s"
    assert str(cell.value).startswith("=HYPERLINK")
