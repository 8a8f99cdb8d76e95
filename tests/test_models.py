import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import TINY
from safetensors.numpy import load_file

from vocx.errors import UserError
from vocx.models import FORMAT, ModelFolder, find_model, list_models, load_folder, quantise


def test_quantised_matrices_come_back_within_half_a_step() -> None:
    matrix = np.random.default_rng(0).normal(size=(50, 4))
    q, scale = quantise(matrix)
    assert np.abs(q * scale - matrix).max() <= scale.max() / 2 + 1e-6


@pytest.mark.parametrize(
    ("name", "most"), [("voc-small", 12), ("voc-base", 48), ("voc-cascade", 1)]
)
def test_the_shipped_models_are_found_by_name_and_small(name: str, most: int) -> None:
    """In MiB."""
    path = list_models()[name]
    assert sum(f.stat().st_size for f in path.iterdir()) <= most * 2**20
    assert (path / "README.md").is_file()


def test_transposed_matrices_come_back_as_they_were(tmp_path: Path) -> None:
    folder = load_folder(str(TINY))
    matrix = np.random.default_rng(0).normal(size=(3, 7)).astype(np.float32).T
    for precision in ("int8", "float16"):
        config = folder.config | {"precision": precision}
        saved = ModelFolder("m", config, {**folder.tensors, "t": matrix}, folder.tokenizer)
        saved.save(tmp_path / precision, "card")
        assert np.allclose(load_folder(str(tmp_path / precision)).tensors["t"], matrix, atol=0.02)


def test_large_tables_are_bytes_in_half_precision_too(tmp_path: Path) -> None:
    table = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
    config = {"format": FORMAT, "name": "m", "precision": "float16"}
    ModelFolder("m", config, {"a.coef": table, "a.ngrams": table}, "{}").save(tmp_path / "m", "")
    stored = load_file(tmp_path / "m" / "model.safetensors")
    assert stored["a.coef"].dtype == np.float16
    assert stored["a.ngrams"].dtype == np.int8
    assert np.allclose(load_folder(str(tmp_path / "m")).tensors["a.ngrams"], table, atol=0.01)


def test_no_model_folder_holds_a_pickle() -> None:
    for path in list_models().values():
        assert {f.suffix for f in path.iterdir()} <= {".json", ".safetensors", ".md"}


def test_unknown_model() -> None:
    with pytest.raises(UserError, match="unknown model 'voc-smal'") as error:
        find_model("voc-smal")
    assert "voc-small" in error.value.remedy


def test_a_folder_that_lacks_a_file(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "m")
    (tmp_path / "m" / "tokenizer.json").unlink()
    with pytest.raises(UserError, match=r"lacks tokenizer\.json"):
        find_model(str(tmp_path / "m"))


def test_a_folder_of_another_format_is_refused(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    (tmp_path / "m" / "config.json").write_text(json.dumps(config | {"format": 99}))
    with pytest.raises(UserError, match="model format 99"):
        load_folder(str(tmp_path / "m"))


def test_saving_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = load_folder(str(TINY))
    folder.save(tmp_path / "a", "card")
    folder.save(tmp_path / "b", "card")
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
