"""Model folders: config.json, model.safetensors, tokenizer.json and a card; no pickle anywhere."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from vocx.errors import UserError, closest

FORMAT = 3
PARSER, NAMES = "en-parser", "en-names"
_ALWAYS_BYTES = (".ngrams", "word_embeddings.weight")  # large, and no worse as int8
_FILES = ("config.json", "model.safetensors", "tokenizer.json")


@dataclass
class ModelFolder:
    """A model as it lies on disk.

    Attributes
    ----------
    name : the model's name.
    config : what config.json holds: encoder, heads with classes, temperatures and thresholds; of a
        cascade the two models and the doubt above which the second is asked.
    tensors : arrays by name, as float32; none in a cascade.
    tokenizer : the text of tokenizer.json; empty in a cascade.
    path : the folder; null for a model not saved yet.
    """

    name: str
    config: dict[str, Any]
    tensors: dict[str, np.ndarray]
    tokenizer: str
    path: Path | None = None

    def save(self, path: Path, card: str) -> None:
        """Write the folder: matrices in the config's precision, vectors as float32.

        Precision is ``int8`` with a scale for each column, or ``float16``, at which the largest
        tables are int8 still.
        """
        path.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.config, indent=1, sort_keys=True, ensure_ascii=False)
        (path / "config.json").write_text(text + "\n", encoding="utf-8")
        if self.tensors:
            weights = path / "model.safetensors"
            save_file(dict(sorted(self._stored().items())), weights)
            weights.chmod(0o644)
            (path / "tokenizer.json").write_text(self.tokenizer, encoding="utf-8")
        (path / "README.md").write_text(card, encoding="utf-8")
        self.path = path

    def _stored(self) -> dict[str, np.ndarray]:
        half = self.config.get("precision") == "float16"
        stored: dict[str, np.ndarray] = {}
        for name, array in self.tensors.items():
            if array.ndim == 1:
                stored[name] = np.ascontiguousarray(array, np.float32)
            elif half and not name.endswith(_ALWAYS_BYTES):
                stored[name] = np.ascontiguousarray(array, np.float16)
            else:
                stored[name], stored[f"{name}.scale"] = quantise(array)
        return stored

    @property
    def digest(self) -> str:
        """sha256 over the files that decide what the model answers."""
        if self.path is None:
            raise ValueError("the model is not saved yet")
        total = sha256()
        for name in _FILES if self.tensors else _FILES[:1]:
            total.update((self.path / name).read_bytes())
        return total.hexdigest()


def quantise(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix as int8 and the scale of each column.

    >>> q, scale = quantise(np.array([[1.0, -254.0], [0.5, 0.0]]))
    >>> q.tolist(), scale.tolist()
    ([[127, -127], [64, 0]], [0.007874015718698502, 2.0])
    """
    scale = np.maximum(np.abs(matrix).max(axis=0), 1e-12) / 127
    rounded = np.ascontiguousarray(np.round(matrix / scale).astype(np.int8))
    return rounded, scale.astype(np.float32)  # contiguous: safetensors would scramble a view


def model_folders() -> list[Path]:
    """Folders searched for models by name: $VOCX_MODELS, the user's own, those that ship."""
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    package = Path(str(files("vocx")))
    listed = [home / "vocx" / "models", package / "shipped_models", package.parent / "models"]
    if own := os.environ.get("VOCX_MODELS"):
        listed.insert(0, Path(own))
    return [p for p in listed if p.is_dir()]


def list_models() -> dict[str, Path]:
    """Names of all models that can be found, with their folders; the first found wins."""
    found: dict[str, Path] = {}
    for folder in model_folders():
        for path in sorted(folder.iterdir()):
            if (path / "config.json").is_file():
                found.setdefault(path.name, path)
    return found


def find_parser() -> Path:
    """The folder of the parser that ships, by which issues are named (spaCy's own layout)."""
    for folder in model_folders():
        if (folder / PARSER / "meta.json").is_file():
            return folder / PARSER
    raise UserError(f"the parser '{PARSER}' is missing", "install vocx again")


def find_names() -> Path:
    """The folder of the model that ships to tell given names, for masking."""
    for folder in model_folders():
        if (folder / NAMES / "model.safetensors").is_file():
            return folder / NAMES
    raise UserError(f"the model '{NAMES}' is missing", "install vocx again")


def find_model(name_or_path: str) -> Path:
    """The folder of a model, by name or path; UserError where there is none."""
    known = list_models()
    path = known.get(name_or_path, Path(name_or_path))
    missing = [n for n in _FILES if not (path / n).is_file()]
    if missing == list(_FILES[1:]) and '"cascade"' in (path / _FILES[0]).read_text("utf-8"):
        return path
    if missing == list(_FILES):
        raise UserError(
            f"unknown model '{name_or_path}': neither a model's name nor a model folder",
            closest(name_or_path, sorted(known)) + ", or the path of a model folder",
        )
    if missing:
        raise UserError(
            f"{path}: the model folder lacks {', '.join(missing)}", "copy or train the model again"
        )
    return path


def load_folder(name_or_path: str) -> ModelFolder:
    """Read a model folder, by name or path."""
    return _load(find_model(name_or_path).resolve())


@lru_cache(maxsize=2)
def _load(path: Path) -> ModelFolder:
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    if config.get("format") != FORMAT:
        raise UserError(
            f"{path}: model format {config.get('format')!r}, this vocx reads {FORMAT}",
            "train the model again with this version",
        )
    if "cascade" in config:
        return ModelFolder(config["name"], config, {}, "", path)
    stored = load_file(path / "model.safetensors")
    tensors = {
        name: array.astype(np.float32) * stored[f"{name}.scale"]
        if array.dtype == np.int8
        else array.astype(np.float32)
        for name, array in stored.items()
        if not name.endswith(".scale")
    }
    tokenizer = (path / "tokenizer.json").read_text(encoding="utf-8")
    return ModelFolder(config["name"], config, tensors, tokenizer, path)
