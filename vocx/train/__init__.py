"""Labelled feedback to a model folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from vocx.config import load_train_config
from vocx.errors import UserError, closest
from vocx.evaluate import score_model
from vocx.labelled import read_labels
from vocx.models import ModelFolder, load_folder
from vocx.pipeline import Model, build_encoder
from vocx.segment import customer_words
from vocx.train.card import render_card
from vocx.train.recipe import Fitted, fit_calibrated, fit_knots, selective, train_model

TASKS = ("stage", "touchpoint", "sentiment", "emotion")
_LEAST_PER_CLASS = 4


def train_by_recipe(recipe: Path, out: Path | None, progress: Callable[[str], None]) -> Path:
    """A model by a recipe file, scored and saved with its card; its folder."""
    config = load_train_config(recipe)
    target = out or (Path(config.out) if config.out else None)
    if target is None:
        raise UserError(
            f"{recipe}: no folder to save to", "add `out:` to the recipe, or give --out"
        )
    evaluation = read_labels(Path(config.evaluate)) if config.evaluate else None
    folder = train_model(config, progress)
    folder.save(target, "")  # scored as it will be served: from disk, quantised
    scores = score_model(Model(load_folder(str(target))), evaluation) if evaluation else None
    folder.save(target, render_card(folder, scores, config))
    return target


def train_task(
    task: str, labels: Path, out: Path, base: str, progress: Callable[[str], None]
) -> Path:
    """A model like ``base`` with one feedback head trained anew on a team's labels; its folder.

    Needs no torch: the base's encoder is kept. ``labels`` has a text column and one named as the
    task, its labels those of the base model (any subset of them).
    """
    if task not in TASKS:
        raise UserError(f"train: there is no task '{task}'", closest(task, list(TASKS)))
    labelled = read_labels(labels)
    known = labelled.feedback[task].notna()
    rows = labelled.feedback[known].reset_index(drop=True)
    if rows.empty:
        raise UserError(f"{labels}: there is no column '{task}'", f"name the label column '{task}'")
    counts = rows[task].value_counts()
    rare = counts.index[counts < _LEAST_PER_CLASS].tolist()
    if rare:
        raise UserError(
            f"{labels}: label '{rare[0]}' has {counts[rare[0]]} examples",
            f"give each label at least {_LEAST_PER_CLASS}, or leave it out",
        )
    folder = load_folder(base)
    name = "polarity" if task == "sentiment" else task
    progress(f"fitting {task} on {len(rows)} comments")
    features = build_encoder(folder).feedback(customer_words(rows), rows["source"].tolist())
    y = rows[task].astype(int if task == "sentiment" else str).to_numpy()
    fitted = fit_calibrated(features, y, rows.index.to_numpy(), 6.0, 0.8)
    trained = _with_head(folder, f"feedback.{name}", fitted, out.name)
    if task == "sentiment":
        trained.config["polarity_knots"] = [round(float(k), 4) for k in fit_knots(fitted)]
    trained.save(out, render_card(trained, None, None))
    result = selective(fitted)
    progress(
        f"out of fold: accuracy {result['accuracy']:.3f}; sure of {result['coverage']:.0%}, "
        f"and right in {result['selective_accuracy']:.0%} of those"
    )
    return out


def _with_head(folder: ModelFolder, head: str, fitted: Fitted, name: str) -> ModelFolder:
    """A copy of a model folder with one head replaced.

    Segment heads read the feedback heads' probabilities, so a feedback head's classes may only
    change where nothing reads them: a new set of classes is refused.
    """
    config = json.loads(json.dumps(folder.config))
    old = config["heads"][head]["classes"]
    new = fitted.head.classes_.tolist()
    unknown = [c for c in new if c not in old]
    if unknown:
        raise UserError(
            f"label '{unknown[0]}' is none of the model's: {', '.join(map(str, old))}",
            "map your labels to these; a journey of your own is a grouping of stages, "
            "see `vocx journeys show vocx-10`",
        )
    tensors = dict(folder.tensors)
    coef = tensors[f"{head}.coef"] * 0.0
    intercept = tensors[f"{head}.intercept"] * 0.0 - 12.0  # a class never seen is never answered
    for j, label in enumerate(new):
        coef[:, old.index(label)] = fitted.head.coef_[:, j]
        intercept[old.index(label)] = fitted.head.intercept_[j]
    tensors |= {f"{head}.coef": coef, f"{head}.intercept": intercept}
    config["heads"][head] |= {
        "temperature": round(fitted.head.temperature_, 4),
        "threshold": round(fitted.head.threshold_, 4),
        "out_of_fold": selective(fitted),
    }
    config["name"] = name
    return ModelFolder(name, config, tensors, folder.tokenizer)


__all__ = ["TASKS", "train_by_recipe", "train_task"]
