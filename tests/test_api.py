import pandas as pd
import pytest
from conftest import TINY

import vocx
from vocx.errors import UserError


def test_analyze_labels_a_frame(comments: pd.DataFrame) -> None:
    run = vocx.analyze(comments, model=str(TINY))
    assert len(run.feedback) == 4
    assert run.feedback.loc[run.feedback["source_id"] == "3", "stage"].isna().all()
    assert run.report().name == "report.html"


def test_a_loaded_model_labels_texts() -> None:
    found = vocx.load_model(str(TINY)).label(["The parcel never came", "Lovely staff"])
    assert list(found.columns)[:2] == ["text", "stage"]
    assert found["polarity"].between(-1, 1).all()


def test_what_is_not_there_is_an_attribute_error() -> None:
    assert not hasattr(vocx, "nothing")


def test_a_frame_is_checked_as_a_file_is(comments: pd.DataFrame) -> None:
    with pytest.raises(UserError, match="no feedback has a time"):
        vocx.analyze(comments, model=str(TINY), period="month")
