"""Whether intervals and tests keep what they promise, where the truth is known: python benchmarks/honesty.py.

Four worlds are drawn many times over, each as unlike the assumptions as real data: counts that a model as wrong as
voc-small's card makes of true ones; scores that hang on issues told together; two periods without a change; two
periods in which one thing grows by half. Shares of stages and themes are those that the model counts in the samples of
`data/samples`, or, where there, in JourneyBench's training comments.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

import vocx
from vocx.compare import LEVELS, _changes, _Side
from vocx.confusion import KindErrors, correct, expected_errors, load_confusion
from vocx.impact import build_effects
from vocx.stats import false_discovery, newcombe, p_of_change, wilson

ROOT = Path(__file__).parent.parent
BENCH = ROOT.parent / "shared" / "journeybench" / "train.jsonl"
Array = np.ndarray[Any, np.dtype[Any]]
FEEDBACK = 2000
DRIFT = 0.6  # how far the shares of a world lie from those that the labelled comments have, in logs
WORLDS_PRIOR = 8.0  # cases by which a world's errors are drawn to the mean of the card's
BANDS = ((10, 30), (30, 10_000))  # true counts of a cell, by which coverage is told


def shares(errors: KindErrors) -> Array:
    """(s, t) share of feedback that tells of each pain at each stage, by coders."""
    counts = np.zeros((len(errors.stages), len(errors.themes)))
    rows = [json.loads(line) for line in BENCH.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        for stage, theme in {
            (m["stage"], m["theme"]) for m in row["mentions"] if m["kind"] == "pain"
        }:
            if stage in errors.stages and theme in errors.themes:
                counts[errors.stages.index(stage), errors.themes.index(theme)] += 1
    return counts / len(rows)


# --------------------------------------------------------------------------- corrected and raw shares


def one_count(world: int, draw: int, model: str) -> dict[str, Any]:
    """A world's true counts, the counts that the model makes of them, and both shares' intervals."""
    known = load_confusion(ROOT / "models" / model)
    assert known is not None
    errors = known.kinds["pain"]
    said, placed, made_up = expected_errors(errors, WORLDS_PRIOR)
    of_world = np.random.default_rng(world)
    share = shares(errors)
    share = share * np.exp(of_world.normal(0, DRIFT, share.shape))
    share *= shares(errors).sum() / share.sum()
    segments = round(errors.segments / known.n_feedback * FEEDBACK)
    rng = np.random.default_rng([world, draw])
    counted = rng.poisson(segments * made_up).astype(float)
    true = rng.poisson(FEEDBACK * share)
    for stage, theme in zip(*np.nonzero(true), strict=True):
        said_as = _parts(true[stage, theme], said[theme], rng)
        for of in np.flatnonzero(said_as):
            counted[:, of] += rng.multinomial(said_as[of], placed[of, stage])
    seen = KindErrors(
        errors.themes, errors.stages, errors.true,
        np.array([_parts(int(n), row, rng) for n, row in zip(errors.true, said, strict=True)], float),
        _replaced(errors.placed, placed, rng),
        rng.poisson(made_up * errors.segments).astype(float), errors.segments,
    )  # fmt: skip
    fixed = correct(seen, counted, segments)
    wanted = FEEDBACK * share
    counts_in = (
        np.einsum("su,use->eu", wanted @ said, placed) + segments * made_up
    )  # what it would count
    low, high = wilson(counted, FEEDBACK)
    raw = (low <= counts_in / FEEDBACK) & (counts_in / FEEDBACK <= high)
    mended = (fixed.low <= wanted) & (wanted <= fixed.high)
    return {"world": world, "wanted": wanted, "raw": counted, "fixed": fixed.counts,
            "raw_covers": raw, "fixed_covers": mended, "counts_in": counts_in}  # fmt: skip


def _replaced(seen: Array, placed: Array, rng: np.random.Generator) -> Array:
    """(t, s, s) as many placements as were seen, drawn anew."""
    cases = seen.sum(axis=2).astype(int)
    out = np.zeros(seen.shape)
    for theme, stage in zip(*np.nonzero(cases), strict=True):
        out[theme, stage] = rng.multinomial(cases[theme, stage], placed[theme, stage])
    return out


def _parts(n: int, rates: Array, rng: np.random.Generator) -> Array:
    return rng.multinomial(n, np.append(rates, max(0.0, 1 - rates.sum())))[:-1]


def counts(draws: int, worlds: int, model: str) -> dict[str, Any]:
    found = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(one_count)(w, d, model)
        for w in range(worlds)
        for d in range(draws // worlds)
    )
    out: dict[str, Any] = {"draws": len(found)}
    off_raw, off_fixed = [], []
    for w in range(worlds):
        mine = [f for f in found if f["world"] == w]
        large = mine[0]["wanted"] >= BANDS[0][0]
        off_raw.append((np.mean([f["raw"] for f in mine], axis=0) - mine[0]["wanted"])[large])
        off_fixed.append((np.mean([f["fixed"] for f in mine], axis=0) - mine[0]["wanted"])[large])
    raw, fixed = np.concatenate(off_raw), np.concatenate(off_fixed)
    out["mean_bias_raw"], out["mean_bias_corrected"] = float(raw.mean()), float(fixed.mean())
    out["bias_cut"] = 1 - abs(float(fixed.mean())) / abs(float(raw.mean()))
    out["bias_cut_cell_by_cell"] = 1 - float(np.abs(fixed).sum() / np.abs(raw).sum())
    for low, high in BANDS:
        bands = [(f["wanted"] >= low) & (f["wanted"] < high) for f in found]
        out[f"corrected_share_{low}"] = float(
            np.mean(
                np.concatenate([f["fixed_covers"][b] for f, b in zip(found, bands, strict=True)])
            )
        )
    bands = [f["counts_in"] >= BANDS[0][0] for f in found]
    out["raw_share"] = float(
        np.mean(np.concatenate([f["raw_covers"][b] for f, b in zip(found, bands, strict=True)]))
    )
    every = [f["wanted"] >= BANDS[0][0] for f in found]
    out["corrected_share"] = float(
        np.mean(np.concatenate([f["fixed_covers"][b] for f, b in zip(found, every, strict=True)]))
    )
    return out


# ------------------------------------------------------------------------------------------ impact

ISSUES = 25


def customers(n: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Feedback with NPS and mentions: issues come together, and cost more at some stages."""
    anger = rng.normal(size=n)  # makes several be told at once, and the score low by itself
    stage = rng.choice(["purchase", "fulfilment", "use", "support"], n, p=[0.2, 0.3, 0.35, 0.15])
    source = rng.choice(["survey", "review"], n, p=[0.7, 0.3])
    chance = 0.02 + 0.1 * np.arange(ISSUES, 0, -1) / ISSUES
    told = rng.random((n, ISSUES)) < chance * np.exp(0.5 * anger[:, None] - 0.125)
    effect = np.linspace(-2.2, 0.4, ISSUES)
    latent = 7.6 - 0.8 * anger - 0.7 * (stage == "support") + 0.5 * (source == "survey")
    latent += told @ effect + rng.normal(0, 1 + 0.6 * (source == "review"), n)
    feedback = pd.DataFrame({
        "feedback_id": np.arange(n).astype(str), "source_file": "f", "source_row": np.arange(n), "author_id": None,
        "source": source, "stage": stage, "nps": np.clip(np.round(latent), 0, 10), "csat": np.nan, "ces": np.nan,
        "rating": np.nan,
    })  # fmt: skip
    who, what = np.nonzero(told)
    mentions = pd.DataFrame({"feedback_id": who.astype(str), "kind": "pain", "theme": [f"t{k:02d}" for k in what],
                             "issue_id": None, "stage": stage[who]})  # fmt: skip
    return feedback, mentions


NO_ISSUES = pd.DataFrame({"issue_id": [], "theme": []})


def effects_of(n: int, seed: int) -> pd.DataFrame:
    feedback, mentions = customers(n, np.random.default_rng([7, seed]))
    effects = build_effects(feedback, mentions, NO_ISSUES)
    return effects[effects["level"] == "theme"].set_index("theme")


def impact(draws: int, n: int = 1500) -> dict[str, Any]:
    large = [
        effects_of(120_000, 1_000_000 + k) for k in range(2)
    ]  # the truth: as good as all customers
    truth = (large[0][["effect", "impact"]] + large[1][["effect", "impact"]]) / 2
    found = joblib.Parallel(n_jobs=-1)(joblib.delayed(effects_of)(n, d) for d in range(draws))
    out: dict[str, Any] = {"draws": draws, "customers": n}
    for name in ("effect", "impact"):
        covers = [
            ((f[f"{name}_low"] <= truth[name]) & (truth[name] <= f[f"{name}_high"])).dropna()
            for f in found
        ]
        out[name] = float(np.mean(np.concatenate(covers)))
    out["naive_off"] = float(np.mean([(f["naive"] - truth["impact"]).abs().mean() for f in found]))
    out["adjusted_off"] = float(
        np.mean([(f["impact"] - truth["impact"]).abs().mean() for f in found])
    )
    return out


# ------------------------------------------------------------------------------------------ change


def period(share: Array, errors: KindErrors, rng: np.random.Generator, n: int = FEEDBACK) -> _Side:
    """A period's feedback and the mentions counted in it."""
    told = rng.random((n, share.size)) < share.ravel()
    who, cell = np.nonzero(told)
    stage, theme = np.unravel_index(cell, share.shape)
    mentions = pd.DataFrame({
        "feedback_id": who.astype(str), "kind": "pain", "stage": np.array(errors.stages, object)[stage],
        "theme": np.array(errors.themes, object)[theme], "issue_id": None, "severity": 2.0,
    })  # fmt: skip
    feedback = pd.DataFrame({"feedback_id": np.arange(n).astype(str), "source": "survey"})
    return _Side(feedback, mentions)


def one_change(draw: int, grown: tuple[int, int] | None, base: float = 0.0) -> dict[str, Any]:
    errors = load_confusion(ROOT / "models" / "voc-small").kinds["pain"]  # type: ignore[union-attr]
    rng = np.random.default_rng([11, draw])
    share = shares(errors)
    if grown:
        share[grown] = base
    later = share.copy()
    if grown:
        later[grown] *= 1.5
    old, new = period(share, errors, rng), period(later, errors, rng)
    found = _changes(old, old, new, LEVELS["theme_at_stage"])
    themes = _changes(old, old, new, LEVELS["theme"])
    at = [
        (errors.stages.index(s), errors.themes.index(t))
        for s, t in zip(found["stage"], found["theme"], strict=True)
    ]
    truth = np.array([later[a] - share[a] for a in at])
    told = np.array([share[a] * FEEDBACK >= 5 for a in at])
    out: dict[str, Any] = {
        "covers": ((found["change_low"] <= truth) & (truth <= found["change_high"]))[told].tolist()
    }
    called = found["q"].to_numpy() <= 0.05
    false = [c for c, a in zip(called, at, strict=True) if a != grown]
    out["false"] = sum(false) / max(1, int(called.sum()))
    out["false_themes"] = float((themes["q"] <= 0.05).any()) if not grown else 0.0
    out["hit"] = bool(grown) and any(c for c, a in zip(called, at, strict=True) if a == grown)
    return out


def change(draws: int) -> dict[str, Any]:
    errors = load_confusion(ROOT / "models" / "voc-small").kinds["pain"]  # type: ignore[union-attr]
    share = shares(errors)
    out: dict[str, Any] = {"draws": draws, "feedback_a_period": FEEDBACK}
    still = joblib.Parallel(n_jobs=-1)(joblib.delayed(one_change)(d, None) for d in range(draws))
    out["change"] = float(np.mean([c for s in still for c in s["covers"]]))
    out["false_discovery_no_change"] = float(np.mean([s["false"] for s in still]))
    out["false_discovery_no_change_themes"] = float(np.mean([s["false_themes"] for s in still]))
    cell = np.unravel_index(int(np.argmax(share)), share.shape)
    grown = (int(cell[0]), int(cell[1]))
    for base in (0.02, 0.03, 0.04, 0.06, 0.08):
        found = joblib.Parallel(n_jobs=-1)(
            joblib.delayed(one_change)(d, grown, base) for d in range(draws)
        )
        out[f"power_where_{base:.0%}_tell"] = float(np.mean([f["hit"] for f in found]))
        out[f"false_discovery_where_{base:.0%}_tell"] = float(np.mean([f["false"] for f in found]))
    for p in (0.01, 0.05):
        rng = np.random.default_rng(3)
        n1, n2 = rng.binomial(FEEDBACK, p, 4000), rng.binomial(FEEDBACK, p, 4000)
        low, high = newcombe(n1, FEEDBACK, n2, FEEDBACK)
        out[f"newcombe_at_{p}"] = float(np.mean((low <= 0) & (high >= 0)))
        out[f"false_at_{p}"] = float(np.mean(p_of_change(n1, FEEDBACK, n2, FEEDBACK) <= 0.05))
    q = false_discovery(np.random.default_rng(4).random((200, 100)).ravel())
    out["least_q_of_20000_nulls"] = float(q.min())
    return out


# ------------------------------------------------------------------------------- real comments


def on_real_comments(model: str) -> dict[str, float]:
    """The matrix of pains that a run counts on JourneyBench dev, and its correction, against what coders saw.

    Overlap is twice the shared counts over all counts; off is the mean distance of the number of feedback per theme.
    """
    rows = [
        json.loads(line)
        for line in (BENCH.parent / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    run = vocx.analyze(
        pd.DataFrame([{k: r[k] for k in ("id", "source", "text")} for r in rows]), model=model
    )
    cells = run.matrix[
        (run.matrix["kind"] == "pain") & run.matrix["issue_id"].isna() & run.matrix["group"].isna()
    ]
    seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        seen.update(
            {
                (m["stage"], m["theme"])
                for m in row["mentions"]
                if m["kind"] == "pain" and m["theme"] != "other"
            }
        )
    told = {
        (s, t): (n, c)
        for s, t, n, c in cells[["stage", "theme", "n_feedback", "n_corrected"]].itertuples(
            index=False
        )
    }
    out: dict[str, float] = {"told_by_coders": sum(seen.values())}
    for k, name in enumerate(("raw", "corrected")):
        have = {cell: float(v[0] if np.isnan(v[k]) else v[k]) for cell, v in told.items()}
        out[f"told_{name}"] = sum(have.values())
        shared = sum(min(seen[c], n) for c, n in have.items())
        out[f"overlap_{name}"] = 2 * shared / (sum(seen.values()) + sum(have.values()))
        by_theme = [Counter(), Counter()]
        for (_, theme), n in seen.items():
            by_theme[0][theme] += n
        for (_, theme), n in have.items():
            by_theme[1][theme] += n
        themes = by_theme[0] | by_theme[1]
        out[f"off_per_theme_{name}"] = float(
            np.mean([abs(by_theme[0][t] - by_theme[1][t]) for t in themes])
        )
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--only", choices=["counts", "impact", "change", "real"])
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benchmarks" / "results" / "honesty.json"
    )
    given = parser.parse_args()
    found: dict[str, Any] = {}
    if given.only in (None, "counts"):
        found["counts"] = counts(given.draws, 4, "voc-small")
    if given.only in (None, "impact"):
        found["impact"] = impact(given.draws)
    if given.only in (None, "change"):
        found["change"] = change(given.draws)
    if given.only in (None, "real"):
        found["real"] = {m: on_real_comments(m) for m in ("voc-small", "voc-base")}
    print(json.dumps(found, indent=1))
    kept = json.loads(given.out.read_text(encoding="utf-8")) if given.out.is_file() else {}
    given.out.write_text(json.dumps(kept | found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
