from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_runs_and_is_stored_without_outputs(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    assert len(book.cells) <= 15
    assert all(not c.get("outputs") and not c.get("execution_count") for c in book.cells)
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}).execute()  # fmt: skip


def test_there_is_a_first_report() -> None:
    assert "first-report.ipynb" in [p.name for p in NOTEBOOKS]
