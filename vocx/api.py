"""What a notebook calls: run, analyze, load_run, load_model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from vocx.config import Input, RunConfig, checked, load_run_config, with_settings
from vocx.engine import Progress, execute, execute_frame, quiet
from vocx.pipeline import load_model
from vocx.runs import Run, load_run

__all__ = ["analyze", "config_of", "load_model", "load_run", "run"]

_PIPELINE = (".yaml", ".yml")


def run(
    inputs: str | Path | list[str | Path],
    out: str | Path,
    settings: dict[str, str] | None = None,
    progress: Progress = quiet,
    **options: Any,
) -> Run:
    """A run over files, folders or one pipeline file, into the folder ``out``.

    ``options`` are keys of a pipeline file: model, journey, by, period, redact, ...; ``settings``
    are dotted keys with their values as text, as ``--set`` gives them.
    """
    listed = inputs if isinstance(inputs, list) else [inputs]
    config = config_of([str(i) for i in listed], settings or {}, **options)
    return execute(config, Path(out), progress)


def config_of(inputs: list[str], settings: dict[str, str], **options: Any) -> RunConfig:
    """The config of a run: a pipeline file's, or the defaults; then options; then settings."""
    if len(inputs) == 1 and Path(inputs[0]).suffix in _PIPELINE:
        config = load_run_config(Path(inputs[0]))
    else:
        name = Path(inputs[0]).stem if len(inputs) == 1 else "feedback"
        config = RunConfig(name=name, inputs=[Input(path=i) for i in inputs])
    given = {k: v for k, v in options.items() if v is not None}
    config = checked(RunConfig, config.model_dump() | given, "options")
    return with_settings(config, settings) if settings else config


def analyze(frame: pd.DataFrame, **options: Any) -> Run:
    """A run over a frame of feedback, its columns found as a file's are.

    ``options`` are keys of a pipeline file, such as ``journey`` or ``by``. The run lies in a
    temporary folder (``run.path``), with its report.
    """
    return execute_frame(frame, config_of(["frame"], {}, **options))
