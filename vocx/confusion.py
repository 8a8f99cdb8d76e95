"""A model's known errors, and counts corrected for them.

On comments that coders labelled and that trained nothing, it is counted what the matrix made of each true
stage and theme, and what it found where there was nothing. Counts of a run are what such errors made of
the true ones; these are found again by expectation maximisation (Richardson 1972, Lucy 1974; for counts
of events: D'Agostini 1995). It holds where errors are as they were on the labelled comments, whatever the
shares of stages and themes are: the many-class form of the Rogan & Gladen (1978) estimate.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vocx.stats import Array

CONFUSION = "confusion.json"
# Labelled cases that what is known of all themes, or stages, weighs beside those of one.
_PRIOR = 8.0  # a beta-binomial fit to the models' recall by theme finds 6 to 10
_WIDE = 2.1  # deviations of an interval's ends: draws come from an estimate, not from the truth
_ROUNDS = 60
DRAWS, FEW_DRAWS = 120, 40  # of everybody; of a group or a period


@dataclass
class KindErrors:
    """Errors on mentions of one kind.

    Attributes
    ----------
    themes, stages : labels, t and s of them.
    true : (t,) distinct feedback x stage x theme that coders found, by theme.
    said : (t, t) distinct cells that the model counted of these, by true and said theme.
    placed : (t, s, s) the same by said theme, true stage and said stage.
    made_up : (s, t) cells that the model counted where coders found nothing of the kind.
    segments : segments without a mention of the kind.
    """

    themes: list[str]
    stages: list[str]
    true: Array
    said: Array
    placed: Array
    made_up: Array
    segments: int


@dataclass
class Confusion:
    """Errors by kind, and how many labelled feedback they were counted on."""

    n_feedback: int
    kinds: dict[str, KindErrors]

    def save(self, folder: Path) -> None:
        """Write confusion.json into a model's folder."""
        kinds = {
            kind: {
                "themes": e.themes, "stages": e.stages, "true": e.true.tolist(),
                "said": _sparse(e.said), "placed": _sparse(e.placed),
                "made_up": _sparse(e.made_up), "segments": e.segments,
            }
            for kind, e in self.kinds.items()
        }  # fmt: skip
        text = json.dumps({"n_feedback": self.n_feedback, "kinds": kinds}, sort_keys=True)
        (folder / CONFUSION).write_text(text + "\n", encoding="utf-8")


def load_confusion(folder: Path) -> Confusion | None:
    """The errors that a model's folder tells; null where it tells none."""
    path = folder / CONFUSION
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    kinds = {}
    for kind, e in content["kinds"].items():
        t, s = len(e["themes"]), len(e["stages"])
        kinds[kind] = KindErrors(
            e["themes"], e["stages"], np.array(e["true"], float), _dense(e["said"], (t, t)),
            _dense(e["placed"], (t, s, s)), _dense(e["made_up"], (s, t)), e["segments"],
        )  # fmt: skip
    return Confusion(content["n_feedback"], kinds)


def _sparse(counts: Array) -> list[list[float]]:
    """The counts that are not zero, each behind its indices."""
    return [[*(int(i) for i in at), float(counts[tuple(at)])] for at in np.argwhere(counts)]


def _dense(listed: Iterable[list[float]], shape: tuple[int, ...]) -> Array:
    out = np.zeros(shape)
    for *at, n in listed:
        out[tuple(int(i) for i in at)] = n
    return out


@dataclass
class Corrected:
    """(r, t) counts corrected for known errors, and their 95 % intervals."""

    counts: Array
    low: Array
    high: Array


def correct(
    errors: KindErrors,
    counted: Array,
    segments: int,
    rows: list[list[int]] | None = None,
    seed: int = 0,
    draws: int = DRAWS,
) -> Corrected:
    """True counts behind counted ones.

    Parameters
    ----------
    counted : (s, t) distinct feedback that a run counts at each stage and theme of ``errors``.
    segments : of the run, without a mention of the kind: where things may be made up.
    rows : which of the stages make each row of the answer; each its own by default.
    draws : that the interval is made of.

    The interval covers what sampling did to the counts and what the labelled comments, being few, leave
    open about the errors (draws of both, bias-corrected percentiles).
    """
    rng = np.random.default_rng(seed)
    heard = np.flatnonzero(counted.sum(axis=0))
    rows = rows or [[s] for s in range(len(counted))]
    out = Corrected(*(np.zeros((len(rows), counted.shape[1])) for _ in range(3)))
    if not len(heard):
        return out
    said, placed, made_up = expected_errors(errors)
    point = _unfolded(counted[None], said[None], placed[None], segments * made_up[None], heard)[0]
    cases = (errors.true + _PRIOR)[:, None]
    drawn = _unfolded(
        rng.poisson(counted, (draws, *counted.shape)).astype(float),
        _drawn(cases * said, draws, rng) / cases,
        _shares(_drawn(placed * (errors.placed.sum(axis=2) + _PRIOR)[:, :, None], draws, rng)),
        _drawn(made_up * errors.segments, draws, rng) * segments / max(errors.segments, 1),
        heard,
    )
    point = np.stack([point[r].sum(axis=0) for r in rows])
    drawn = np.stack([drawn[:, r].sum(axis=1) for r in rows], axis=1)
    out.counts[:, heard] = point
    out.low[:, heard], out.high[:, heard] = _bias_corrected(drawn, point)
    return out


def _bias_corrected(draws: Array, point: Array) -> tuple[Array, Array]:
    """95 % interval by percentiles of draws, moved where these lie to one side (Efron 1981)."""
    from scipy.stats import norm

    n = len(draws)
    below = ((draws < point).sum(axis=0) + 0.5 * (draws == point).sum(axis=0) + 0.5) / (n + 1)
    middle = norm.ppf(np.clip(below, 0.02, 0.98))
    ordered = np.sort(draws, axis=0)
    ends = []
    for z in (-_WIDE, _WIDE):
        at = np.clip((norm.cdf(2 * middle + z) * n).astype(int), 0, n - 1)
        ends.append(np.take_along_axis(ordered, at[None], axis=0)[0])
    return ends[0], ends[1]


def expected_errors(errors: KindErrors, prior: float = _PRIOR) -> tuple[Array, Array, Array]:
    """Said cells per true cell (t, t), places of stages (t, s, s), cells made up per segment (s, t).

    What was seen of one theme or stage is drawn to what was seen of all, as if there had been ``prior`` more cases.
    """
    return (
        _drawn_in(errors.said, errors.true, prior),
        _places(errors.placed, prior),
        _made_up(errors, prior),
    )


def _made_up(errors: KindErrors, prior: float) -> Array:
    """(s, t) cells made up per segment: by theme as seen, at stages where the theme is said."""
    by_theme = errors.made_up.sum(axis=0) + 0.02
    every = errors.placed.sum(axis=(0, 1)) + 0.02
    told = errors.placed.sum(axis=1).T + errors.made_up + prior * (every / every.sum())[:, None]
    return told / told.sum(axis=0) * by_theme / max(errors.segments, 1)


def _drawn_in(counts: Array, cases: Array, prior: float) -> Array:
    """(k, k) rates per case: of the class and, with the weight of ``prior`` cases, of all classes."""
    total = max(cases.sum(), 1.0)
    right = np.trace(counts) / total
    wrong = counts - np.diag(np.diag(counts))
    common = np.tile(wrong.sum(axis=0) / total, (len(counts), 1))
    np.fill_diagonal(common, right)
    return (counts + prior * common) / (cases + prior)[:, None]


def _places(placed: Array, prior: float) -> Array:
    """(t, s, s) where the stages of each theme are put: as seen of the theme, drawn to what was seen of all."""
    together = placed.sum(axis=0)
    common = _shares(_drawn_in(together, together.sum(axis=1), prior) + 1e-9)
    return _shares(placed + prior * common)


def _drawn(cases: Array, draws: int, rng: np.random.Generator) -> Array:
    """(draws, ...) what numbers of cases may have been expected, where so many were seen."""
    return rng.gamma(np.maximum(cases, 1e-3), 1.0, (draws, *cases.shape))


def _shares(counts: Array) -> Array:
    return counts / counts.sum(axis=-1, keepdims=True)


def _unfolded(counted: Array, said: Array, placed: Array, made_up: Array, heard: Array) -> Array:
    """(b, s, heard) true counts behind counted ones, by expectation maximisation."""
    seen = np.maximum(said.sum(axis=2)[:, None, heard], 1e-9)  # cells that each true one gives
    counted, made_up = counted[:, :, heard], made_up[:, :, heard]
    said, placed = said[:, heard][:, :, heard], placed[:, heard]
    back, put = said.transpose(0, 2, 1), placed.transpose(0, 1, 3, 2)
    true = np.maximum(counted, 0.5) / seen
    for _ in range(_ROUNDS):
        told = _by_theme(true @ said, put)
        ratio = counted / np.maximum(told + made_up, 1e-9)
        true = true * (_by_theme(ratio, placed) @ back) / seen
    return true


def _by_theme(counts: Array, moved: Array) -> Array:
    """(b, s, t) counts with the stages of each theme moved by its own (b, t, s, s) matrix."""
    columns = counts.transpose(0, 2, 1)[..., None]
    return (moved @ columns)[..., 0].transpose(0, 2, 1)
