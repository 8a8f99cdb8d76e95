"""Labelled feedback to a model folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vocx.config import (
    TrainConfig,
    is_cascade,
    is_names,
    is_parser,
    load_cascade_config,
    load_names_config,
    load_parser_config,
    load_train_config,
)
from vocx.errors import UserError
from vocx.train.task import train_task


def train_by_recipe(recipe: Path, out: Path | None, progress: Callable[[str], None]) -> Path:
    """A model by a recipe file, scored and saved with its card; its folder."""
    from vocx.evaluate import evaluate_model, score_model
    from vocx.labelled import read_labels
    from vocx.models import load_folder
    from vocx.pipeline import Model
    from vocx.train.card import render_card, render_cascade_card
    from vocx.train.cascade import train_cascade
    from vocx.train.recipe import train_model

    if is_parser(recipe):
        from vocx.train.parser import save_parser, train_parser

        told = load_parser_config(recipe)
        target = _target(recipe, out, told.out)
        save_parser(*train_parser(told, progress), target)
        return target
    if is_names(recipe):
        from vocx.train.names import save_names, train_names

        named = load_names_config(recipe)
        target = _target(recipe, out, named.out)
        save_names(*train_names(named, progress), target)
        return target
    if is_cascade(recipe):
        cascade = load_cascade_config(recipe)
        target = _target(recipe, out, cascade.out)
        made, choice = train_cascade(cascade, progress)
        made.save(target, "")
        found = evaluate_model(str(target), Path(cascade.evaluate))
        made.save(target, render_cascade_card(made, found, choice))
        if cascade.recipe:
            _tell_errors(target, load_train_config(Path(cascade.recipe)))
        return target
    config = load_train_config(recipe)
    target = _target(recipe, out, config.out)
    evaluation = read_labels(Path(config.evaluate)) if config.evaluate else None
    folder = train_model(config, progress)
    folder.save(target, "")  # scored as it will be served: from disk, in the precision that ships
    scores = score_model(Model(load_folder(str(target))), evaluation) if evaluation else None
    folder.save(target, render_card(folder, scores, config))
    _tell_errors(target, config)
    return target


def _tell_errors(target: Path, config: TrainConfig) -> None:
    """Count the saved model's errors on the comments that calibrated it, and keep them beside it."""
    from vocx.evaluate import count_confusion
    from vocx.labelled import held_out
    from vocx.pipeline import load_model
    from vocx.train.recipe import calibrating_labels

    held = held_out(Path(config.holdout) if config.holdout else None)
    labelled = calibrating_labels(config, held)
    if labelled.feedback["mentions_coded"].any():
        count_confusion(load_model(str(target)), labelled).save(target)


def _target(recipe: Path, out: Path | None, named: str | None) -> Path:
    """The folder to save to: as asked, or as the recipe says."""
    if out is None and named is None:
        raise UserError(
            f"{recipe}: no folder to save to", "add `out:` to the recipe, or give --out"
        )
    return out or Path(str(named))


__all__ = ["train_by_recipe", "train_task"]
