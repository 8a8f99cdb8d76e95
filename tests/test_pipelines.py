"""The pipeline files that ship run as they stand."""

from pathlib import Path

import pytest
from conftest import ROOT, TINY

from vocx.api import run


@pytest.mark.parametrize("name", ["surveys", "reviews", "transcripts", "mixed"])
def test_a_shipped_pipeline_runs(name: str, tmp_path: Path) -> None:
    found = run(ROOT / "pipelines" / f"{name}.yaml", tmp_path / name, model=str(TINY))
    assert len(found.rejects) == 0
    assert len(found.matrix) > 0
    assert found.manifest["journey"] == (
        "problem-to-loyalty" if name == "transcripts" else "vocx-10"
    )
