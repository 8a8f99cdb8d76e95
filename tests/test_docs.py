"""What the README and the docs tell people to type, works."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, SAMPLES
from typer.testing import CliRunner

from vocx.api import run
from vocx.cli import app
from vocx.config import Columns, MiningConfig, RunConfig
from vocx.journey import load_journey
from vocx.schema import EMOTIONS, SOURCES, STAGES, TOUCHPOINTS

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, re.S)


def commands() -> list[str]:
    """Every `vocx` command line of the README, in order."""
    typed = [
        c[2:].split("#")[0].strip()
        for b in blocks("console")
        for c in b.splitlines()
        if c.startswith("$ ")
    ]
    listed = re.findall(r"`(vocx [^`]+)`", README[README.index("| you want") :])
    return [c for c in typed + listed if c.startswith("vocx ") and "..." not in c]


def test_the_readme_leads_with_two_commands_that_the_makefile_has() -> None:
    head = "\n".join(README.splitlines()[:25])
    makefile = (ROOT / "Makefile").read_text()
    for target in ("demo", "test"):
        assert f"make {target}" in head
        assert re.search(rf"^{target}:", makefile, re.M)


def test_every_command_of_the_readme_runs(tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "retail_survey_nps.csv", tmp_path / "survey.csv")
    shutil.copy(SAMPLES / "product_and_app_reviews.jsonl", tmp_path / "reviews.jsonl")
    shutil.copy(SAMPLES / "labelled_feedback.jsonl", tmp_path / "labels.jsonl")
    (tmp_path / "spring.yaml").write_text(blocks("yaml")[0])
    shutil.copy(ROOT / "vocx" / "journeys" / "customer-goals.yaml", tmp_path / "mine.yaml")
    rows = ["text,stage"] + [f'"{w} {i}",{s}' for i in range(6) for s, w in (("use", "taste of tea"), ("support", "refund call"))]  # fmt: skip
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n")
    assert len(commands()) >= 10
    for command in commands():
        done = subprocess.run([sys.executable, "-m", *shlex.split(command)], cwd=tmp_path, capture_output=True, text=True)  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr}"


def test_the_pipeline_of_the_readme_is_valid() -> None:
    for text in blocks("yaml"):
        content = yaml.safe_load(text)
        content["inputs"] = [{"path": p} for p in content["inputs"]]
        assert RunConfig.model_validate(content)


def test_the_journeys_of_the_docs_are_valid(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "journeys.md").read_text(encoding="utf-8")
    found = re.findall(r"```yaml\n(.*?)```", page, re.S)
    assert len(found) == 2
    for text in found:
        (tmp_path / "mine.yaml").write_text(text)
        assert len(load_journey(str(tmp_path / "mine.yaml")).stages) >= 2


def test_every_file_the_docs_link_to_is_there() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_command_has_help() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        assert command.callback.__doc__


@pytest.mark.parametrize("labels", [STAGES, TOUCHPOINTS, EMOTIONS])
def test_the_label_page_names_every_label(labels: tuple[str, ...]) -> None:
    page = (ROOT / "docs" / "labels.md").read_text(encoding="utf-8")
    assert [x for x in labels if f"`{x}`" not in page] == []


def test_the_page_on_pipeline_files_names_every_key_and_its_default() -> None:
    page = (ROOT / "docs" / "pipeline-files.md").read_text(encoding="utf-8")
    keys = [k for k in RunConfig.model_fields if k != "mine"] + list(Columns.model_fields)
    keys += [f"mine.{k}" for k in MiningConfig.model_fields]
    assert [k for k in keys if f"`{k}`" not in page] == []
    assert [s for s in SOURCES if f"`{s}`" not in page] == []
    defaults = MiningConfig().model_dump()
    for key in ("min_feedback", "detail", "sample"):
        row = next(line for line in page.splitlines() if line.startswith(f"| `mine.{key}`"))
        assert row.split("|")[3].strip() == str(defaults[key])


def test_the_page_on_training_names_every_recipe_of_the_models_of_feedback() -> None:
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    recipes = {p.name for p in (ROOT / "pipelines").glob("train-*.yaml")}
    assert set(re.findall(r"`(train-[a-z-]+\.yaml)`", page)) == recipes - {
        "train-names.yaml", "train-parser.yaml",
    }  # fmt: skip


def test_the_picture_of_the_readme_is_what_the_demo_prints(tmp_path: Path) -> None:
    """Within 2 a cell: another machine's arithmetic may tip a doubtful comment over."""
    run(str(ROOT / "pipelines" / "mixed.yaml"), tmp_path / "run")
    printed = (
        CliRunner().invoke(app, ["show", str(tmp_path / "run")], env={"COLUMNS": "120"}).stdout
    )
    told, shown = (_counts(text[text.index("Pains by stage") :]) for text in (README, printed))
    assert list(told) == list(STAGES)
    for stage, counts in told.items():
        assert len(counts) == len(shown[stage]), stage
        off = [abs(a - b) for a, b in zip(counts, shown[stage], strict=True)]
        assert max(off) <= 2, (stage, counts, shown[stage])


def _counts(picture: str) -> dict[str, list[int]]:
    """Stage to its counts, those left empty 0."""
    rows: dict[str, list[int]] = {}
    for line in picture.splitlines():
        stage, *cells = re.sub(r"[│┃|]", " ", line).split() or [""]
        if stage in STAGES and stage not in rows:
            rows[stage] = [0 if c == "·" else int(c) for c in cells]
    return {stage: counts + [0] * (8 - len(counts)) for stage, counts in rows.items()}
