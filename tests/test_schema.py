import pandas as pd
import pyarrow as pa
import pytest

from vocx.schema import BAND_CUTS, SENTIMENTS, TABLES, conform, empty


@pytest.mark.parametrize("table", sorted(TABLES))
def test_an_empty_frame_conforms(table: str) -> None:
    assert conform(pd.DataFrame(), table).schema.names == TABLES[table].names


def test_nulls_stay_null_and_integers_stay_integers() -> None:
    found = conform(pd.DataFrame({"feedback_id": ["a", None], "nps": [7.0, None]}), "feedback")
    assert found.column("nps").to_pylist() == [7, None]
    assert found.column("feedback_id").to_pylist() == ["a", None]
    assert found.schema.field("nps").type == pa.int32()


def test_group_columns_are_kept_and_others_are_not() -> None:
    found = conform(pd.DataFrame({"x_region": ["North"], "secret": ["s"]}), "feedback")
    assert "x_region" in found.schema.names
    assert "secret" not in found.schema.names


def test_five_bands_have_four_cuts() -> None:
    assert len(BAND_CUTS) == len(SENTIMENTS) - 1
    assert sorted(BAND_CUTS) == list(BAND_CUTS)


def test_empty_has_the_tables_columns() -> None:
    assert list(empty("issues").columns) == TABLES["issues"].names
