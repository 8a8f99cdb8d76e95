from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from pydantic import BaseModel

from vocx.config import (
    RunConfig,
    is_cascade,
    is_names,
    is_parser,
    load_cascade_config,
    load_names_config,
    load_parser_config,
    load_run_config,
    load_train_config,
    with_settings,
)
from vocx.errors import UserError


def write(path: Path, **content: object) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path


def test_unknown_key_names_file_key_and_the_known_ones(tmp_path: Path) -> None:
    path = write(tmp_path / "p.yaml", inputs=["a.csv"], jurney="vocx-10")
    with pytest.raises(UserError) as error:
        load_run_config(path)
    assert error.value.what == f"{path}: unknown key 'jurney'"
    assert "did you mean 'journey'?" in error.value.remedy


def test_unknown_nested_key_is_told_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "p.yaml", inputs=["a.csv"], mine={"min_feedbak": 3})
    with pytest.raises(UserError, match=r"unknown key 'mine\.min_feedbak'") as error:
        load_run_config(path)
    assert "min_feedback" in error.value.remedy


def test_a_wrong_value_is_shown(tmp_path: Path) -> None:
    path = write(tmp_path / "p.yaml", inputs=["a.csv"], period="week")
    with pytest.raises(UserError, match="found 'week'"):
        load_run_config(path)


def test_a_file_that_is_no_mapping(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("- just\n- a list\n")
    with pytest.raises(UserError, match="holds no keys"):
        load_run_config(path)


def test_a_file_that_is_no_yaml(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("name: run\ncolumns: {text: Why this score?}\n")
    with pytest.raises(UserError, match="line 2: not readable as YAML") as error:
        load_run_config(path)
    assert "put quotes around names" in error.value.remedy


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = load_run_config(write(tmp_path / "p.yaml", inputs=["data/a.csv"]))
    assert config.inputs[0].path == str(tmp_path / "data" / "a.csv")


def test_a_pattern_of_labels_names_each_file_and_none_is_told(tmp_path: Path) -> None:
    recipe = {"name": "m", "data": ".", "encoder": "e"}
    for name in ("b", "a"):
        (tmp_path / f"posts_{name}.jsonl").touch()
    label = {"path": "posts*.jsonl", "weight": 2}
    config = load_train_config(write(tmp_path / "p.yaml", labels=[label], **recipe))
    assert [(Path(s.path).name, s.weight) for s in config.labels] == [
        ("posts_a.jsonl", 2), ("posts_b.jsonl", 2)
    ]  # fmt: skip
    with pytest.raises(UserError, match=r"no file is like 'talks\*\.jsonl'"):
        load_train_config(write(tmp_path / "q.yaml", labels=["talks*.jsonl"], **recipe))


def test_settings_reach_nested_keys_and_refuse_unknown_ones() -> None:
    assert with_settings(RunConfig(), {"columns.text": "Answer"}).columns.text == "Answer"
    with pytest.raises(UserError, match="nothere"):
        with_settings(RunConfig(), {"nothere.key": "1"})


@pytest.mark.parametrize("path", sorted((ROOT / "pipelines").glob("*.yaml")), ids=lambda p: p.name)
def test_shipped_pipelines_are_valid_and_short(path: Path) -> None:
    load: Callable[[Path], BaseModel] = load_run_config
    if path.name.startswith("train"):
        load = load_cascade_config if is_cascade(path) else load_train_config
        load = load_parser_config if is_parser(path) else load
        load = load_names_config if is_names(path) else load
    assert load(path).model_dump()["name"]
    assert len(path.read_text().splitlines()) <= 30
