from pathlib import Path

import pandas as pd
import pytest

from vocx.errors import UserError
from vocx.runs import Run, check_out, load_run, write_table
from vocx.schema import TABLES


def test_a_run_folder_holds_what_others_rely_on(sample_run: Run) -> None:
    assert sample_run.path is not None
    names = {p.name for p in sample_run.path.iterdir()}
    assert names == {
        "manifest.json", "feedback", "segments", "issues.parquet", "matrix.parquet",
        "rejects.parquet", "codebook.yaml",
        "codebook.parquet",
        "effects.parquet",
        "paths.parquet",
        "scores.parquet",
        "report.html", "report.xlsx", "report.json",
    }  # fmt: skip


@pytest.mark.parametrize("table", sorted(TABLES))
def test_tables_have_the_schemas_columns(sample_run: Run, table: str) -> None:
    columns = list(getattr(sample_run, table).columns)
    assert columns[: len(TABLES[table].names)] == TABLES[table].names
    assert all(c.startswith("x_") for c in columns[len(TABLES[table].names) :])


def test_rows_in_are_taken_merged_or_rejected(sample_run: Run) -> None:
    rows = sample_run.manifest["rows"]
    assert rows["read"] == rows["taken"] + rows["merged"] + rows["rejected"]
    assert rows["taken"] == len(sample_run.feedback)


def test_loading_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such run folder"):
        load_run(tmp_path / "nothing")
    with pytest.raises(UserError, match="is no run"):
        load_run(tmp_path)


def test_a_folder_with_other_things_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(UserError, match="holds no run"):
        check_out(tmp_path, [])


def test_find_feedback_by_its_sources_id(sample_run: Run) -> None:
    assert sample_run.find_feedback("R-0001")["source"] == "survey"
    with pytest.raises(UserError, match="no feedback 'XYZ'") as error:
        sample_run.find_feedback("XYZ")
    assert len(error.value.remedy) < 100  # no list of all ids


def test_a_table_is_whole_or_absent(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"reason": ["x"]}), "rejects", tmp_path / "rejects.parquet")
    assert [p.name for p in tmp_path.iterdir()] == ["rejects.parquet"]
