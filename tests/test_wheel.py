"""The wheel holds all that a run needs: journeys, codebook, templates, the model."""

import os
import subprocess
import sys
from pathlib import Path

from conftest import ROOT, SAMPLES


def test_a_wheel_alone_runs(tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "-w",
        str(tmp_path),
        str(ROOT),
    ]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    wheel = next(tmp_path.glob("vocx-*.whl"))
    site = tmp_path / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(site),
        str(wheel),
    ]
    assert subprocess.run(install, capture_output=True).returncode == 0
    command = [
        sys.executable,
        "-m",
        "vocx",
        "run",
        str(SAMPLES / "retail_survey_nps.csv"),
        "--out",
        "run",
    ]
    environment = os.environ | {"PYTHONPATH": str(site)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    where = subprocess.run([sys.executable, "-m", "vocx", "models", "list"], cwd=tmp_path, env=environment, capture_output=True, text=True)  # fmt: skip
    assert str(site) in where.stdout


def test_only_training_and_the_transformer_import_the_training_libraries() -> None:
    for path in (ROOT / "vocx").rglob("*.py"):
        if path.parent.name != "train" and path.name != "transformer.py":
            code = path.read_text(encoding="utf-8")
            assert "import torch" not in code, path
            assert "import transformers" not in code, path
            assert "from transformers" not in code, path
