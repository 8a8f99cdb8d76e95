from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from vocx.api import run
from vocx.pipeline import Model, load_model
from vocx.runs import Run

os.environ["VOCX_KEY"] = "tests"  # so that pseudonyms are the same everywhere
ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "data" / "samples"
TINY = Path(__file__).parent / "data" / "tiny-model"
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def tiny_path() -> Path:
    return TINY


@pytest.fixture(scope="session")
def tiny() -> Model:
    return load_model(str(TINY))


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All the sample feedback through the tiny model, cut by segment and month."""
    out = tmp_path_factory.mktemp("runs") / "sample"
    inputs = [
        str(p) for p in sorted(SAMPLES.iterdir()) if "labelled" not in p.name and p.suffix != ".md"
    ]
    return run(inputs, out, model=str(TINY), by=["segment"], period="month", shard_size=200)


@pytest.fixture
def comments() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["1", "2", "3", "4"],
            "comment": [
                "The parcel came nine days late and nobody answered my emails.",
                "Lovely kettle, quiet and pretty. But the lid is loose.",
                "n/a",
                "App crashes every time I press pay!!",
            ],
            "score": [2, 8, 7, 0],
        }
    )
