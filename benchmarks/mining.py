"""Finding issues, vocx beside its peers: `python benchmarks/mining.py [NAME...]`.

Needs the data packs beside the repository and `pip install --group bench`. All methods get the same vectors
(all-MiniLM-L6-v2, frozen) and no labels. NAME is one or more of groups, airline, stability, shares, memory;
without any, all of them. Results go to benchmarks/results/mining.json, table by table as each is done.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, v_measure_score

from models import minilm_vectors
from vocx.mine import IssueMiner, with_beliefs
from vocx.mine.groups import neighbour_graph
from vocx.pipeline import load_model

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
BENCH = ROOT.parent / "shared" / "journeybench"
RESULTS = Path(__file__).parent / "results" / "mining.json"

Labels = np.ndarray  # (n,) group of each text; -1: in none
Method = Callable[[list[str], np.ndarray, int], Labels]  # texts, vectors, the true number of groups


def read(pack: str, file: str) -> pd.DataFrame:
    return pd.read_parquet(DATA / pack / f"{file}.parquet")


@cache
def load(name: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Texts, their true labels and their vectors."""
    if name == "banking77":
        frame = read("banking77", "banking77").rename(columns={"category": "label"})
    elif name == "clinc150":
        frame = read("clinc150", "clinc150_full").rename(columns={"intent": "label"})
        frame = frame[~frame["oos"].astype(bool)]
    elif name == "nhs-subcategories":
        frame = read("nhs_fft_survey", "fft_phase1").drop(columns="label")
        frame = frame.rename(columns={"subcategory": "label"})
    elif name == "nhs-framework":  # those coded to one theme
        frame = read("nhs_fft_survey", "fft_v6_framework")
        frame = frame[frame["labels"].map(len) == 1]
        frame["label"] = frame["labels"].map(lambda x: x[0])
    elif name == "app-reviews":
        frame = read("app_reviews_labelled", "app_reviews")
        frame["text"] = frame["title"].fillna("") + ". " + frame["text"].fillna("")
    elif name == "airline":  # evaluation only
        frame = read("airline_tweets", "airline_tweets").rename(columns={"negativereason": "label"})
        frame["text"] = [re.sub(r"@\w+|https?://\S+", "", t).strip() for t in frame["text"]]
        frame = frame[frame["label"] != "Can't Tell"]
    else:
        quotes = []
        for split in ("train", "dev"):
            with open(BENCH / f"{split}.jsonl", encoding="utf-8") as lines:
                for line in lines:
                    quotes += [m for m in json.loads(line)["mentions"] if m["kind"] == "pain"]
        frame = pd.DataFrame(
            {"text": [m["quote"] for m in quotes], "label": [m["theme"] for m in quotes]}
        )
        frame = frame[frame["label"] != "other"]
    frame = frame[frame["label"].notna() & frame["text"].fillna("").str.strip().ne("")]
    texts = frame["text"].tolist()
    return texts, frame["label"].to_numpy(str), np.asarray(minilm_vectors(texts), np.float32)


def mentions_of(texts: list[str]) -> pd.DataFrame:
    ids = [f"{i:07d}" for i in range(len(texts))]
    return pd.DataFrame(
        {"feedback_id": ids, "text": texts, "kind": "pain", "theme": None, "theme_score": np.nan}
    )


def codes(ids: pd.Series) -> Labels:
    return pd.factorize(ids)[0]


def vocx_issues(texts: list[str], vectors: np.ndarray, k: int, **options: Any) -> Labels:
    miner = IssueMiner(within_themes=False, **options)
    mentions = mentions_of(texts)
    return codes(miner.fit(mentions, vectors).predict(mentions, vectors)["issue_id"])


def bertopic(texts: list[str], vectors: np.ndarray, k: int, **options: Any) -> Labels:
    from bertopic import BERTopic

    return np.asarray(BERTopic(**options).fit_transform(texts, embeddings=vectors)[0])


def bertopic_tuned(texts: list[str], vectors: np.ndarray, k: int) -> Labels:
    """As its documentation advises: larger clusters, fewer dimensions lost, outliers given away."""
    from bertopic import BERTopic
    from hdbscan import HDBSCAN
    from umap import UMAP

    size = max(15, len(texts) // 400)
    model = BERTopic(
        umap_model=UMAP(n_neighbors=15, n_components=10, min_dist=0.0, metric="cosine", random_state=0),
        hdbscan_model=HDBSCAN(min_cluster_size=size, min_samples=5),
    )  # fmt: skip
    found = model.fit_transform(texts, embeddings=vectors)[0]
    return np.asarray(
        model.reduce_outliers(texts, found, strategy="embeddings", embeddings=vectors)
    )


def top2vec(texts: list[str], vectors: np.ndarray, k: int) -> Labels:
    """As Turftopic builds it: UMAP, HDBSCAN, topics by the nearest words' vectors."""
    from hdbscan import HDBSCAN
    from umap import UMAP

    low = UMAP(n_neighbors=15, n_components=5, metric="cosine", random_state=0).fit_transform(
        vectors
    )
    return HDBSCAN(min_cluster_size=15).fit_predict(low)


def k_means(texts: list[str], vectors: np.ndarray, k: int) -> Labels:
    return KMeans(k, n_init=3, random_state=0).fit_predict(vectors)


def leiden(texts: list[str], vectors: np.ndarray, k: int) -> Labels:
    from sknetwork.clustering import Leiden

    return Leiden(resolution=2.0, random_state=0).fit_predict(neighbour_graph(vectors))


METHODS: dict[str, Method] = {
    "vocx": vocx_issues,
    "BERTopic": bertopic,
    "BERTopic tuned": bertopic_tuned,
    "UMAP + HDBSCAN (Top2Vec)": top2vec,
    "kNN + Leiden": leiden,
    "k-means, true k": k_means,
}


def scored(labels: Labels, truth: np.ndarray, seconds: float) -> dict[str, float]:
    n, k = len(set(labels) - {-1}), len(set(truth))
    return {
        "groups": n,
        "times_true": round(n / k, 2),
        "ari": round(adjusted_rand_score(truth, labels), 3),
        "v": round(v_measure_score(truth, labels), 3),
        "in_none": round(float((labels == -1).mean()), 3),
        "seconds": round(seconds, 1),
    }


def timed(method: Method, texts: list[str], vectors: np.ndarray, k: int) -> tuple[Labels, float]:
    start = time.perf_counter()
    labels = method(texts, vectors, k)
    return labels, time.perf_counter() - start


def groups() -> dict[str, Any]:
    """All methods on all sets; nobody is told the number but k-means."""
    out: dict[str, Any] = {}
    sets = (
        "banking77",
        "clinc150",
        "nhs-subcategories",
        "nhs-framework",
        "app-reviews",
        "journeybench",
    )
    timed(METHODS["BERTopic"], *(x[:500] for x in (load("banking77")[0], load("banking77")[2])), 5)
    for name in sets:
        texts, truth, vectors = load(name)
        out[name] = {"texts": len(texts), "true_groups": len(set(truth))}
        for method, run in METHODS.items():
            labels, seconds = timed(run, texts, vectors, len(set(truth)))
            out[name][method] = scored(labels, truth, seconds)
            print(name, method, out[name][method], flush=True)
    return out


def airline() -> dict[str, Any]:
    """Nine reasons of complaint: coarse, so little detail; beside it what the themes believe."""
    texts, truth, vectors = load("airline")
    found: dict[str, Any] = {}
    coarse = {"vocx, detail 0.5": vectors}
    for model in ("voc-small", "voc-base"):
        beliefs = load_model(model).theme_beliefs(texts, ["pain"] * len(texts))
        coarse[f"vocx, detail 0.5, beliefs of {model}"] = with_beliefs(vectors, beliefs)
    for name, rows in coarse.items():
        labels, seconds = timed(lambda t, v, k: vocx_issues(t, v, k, detail=0.5), texts, rows, 9)
        found[name] = scored(labels, truth, seconds)
        print(name, found[name], flush=True)
    for method, run in METHODS.items():
        labels, seconds = timed(run, texts, vectors, len(set(truth)))
        found[method] = scored(labels, truth, seconds)
        print(method, found[method], flush=True)
    return found


def stability() -> dict[str, Any]:
    """Banking77: the same again, shuffled, and with a tenth more; without and with the codebook."""
    texts, _, vectors = load("banking77")
    order = np.random.default_rng(0).permutation(len(texts))
    mentions = mentions_of(texts)
    old = np.sort(order[: int(len(texts) / 1.1)])

    def mined(rows: np.ndarray, *known: Any) -> tuple[IssueMiner, pd.Series]:
        miner = IssueMiner(within_themes=False)
        part = mentions.iloc[rows]
        miner.fit(part.reset_index(drop=True), vectors[rows], *known)
        said = miner.predict(part.reset_index(drop=True), vectors[rows])["issue_id"]
        return miner, pd.Series(said.fillna("none").to_numpy(), index=rows)

    every = np.arange(len(texts))
    first, again, shuffled = mined(every)[1], mined(every)[1], mined(order)[1]
    miner, before = mined(old)
    place = {t: i for i, t in reversed(list(enumerate(texts)))}
    own = vectors[[place[t] for t in miner.members_["text"]]]
    with_book = mined(every, miner.issues_, miner.members_, own)[1]
    from bertopic import BERTopic

    b = [BERTopic().fit_transform(texts, embeddings=vectors)[0] for _ in range(2)]
    return {
        "rerun": adjusted_rand_score(first, again),
        "shuffled": adjusted_rand_score(first, shuffled.loc[first.index]),
        "tenth_more, from nothing": round(adjusted_rand_score(before, first.loc[old]), 3),
        "tenth_more, from the codebook": round(adjusted_rand_score(before, with_book.loc[old]), 3),
        "BERTopic rerun": round(adjusted_rand_score(*b), 3),
    }


def shares() -> dict[str, Any]:
    """Mixtures of twenty known issues with known shares: how far the shares found are from the true ones.

    Each group found stands for the issue most of its mentions are of; half the total of all differences.
    The issues are of one bank (near each other), of everything CLINC150 asks for, or of both.
    """
    bank, every = load("banking77"), load("clinc150")
    both = tuple(
        np.concatenate([np.asarray(x, dtype=object if i < 2 else None), np.asarray(y)])
        for i, (x, y) in enumerate(zip(bank, every, strict=True))
    )
    sets = {"one bank": bank, "clinc150": every, "both": both}
    return {name: _mixtures(*parts) for name, parts in sets.items()}


def _mixtures(texts: Any, truth: np.ndarray, vectors: np.ndarray) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    found: dict[str, list[tuple[float, int]]] = {m: [] for m in METHODS}
    for _ in range(5):
        chosen = rng.choice(sorted(set(truth)), 20, replace=False)
        counts = np.maximum(8, 110 // np.arange(1, 21))
        rows = np.concatenate(
            [rng.choice(np.flatnonzero(truth == c), min(n, (truth == c).sum()), replace=False)
             for c, n in zip(chosen, counts, strict=True)]
        )  # fmt: skip
        true = pd.Series(truth[rows])
        for name, run in METHODS.items():
            labels = pd.Series(run([str(texts[i]) for i in rows], vectors[rows], 20))
            inside = labels != -1
            major = true[inside].groupby(labels[inside]).agg(lambda x: x.value_counts().index[0])
            said = labels[inside].map(major).value_counts(normalize=True)
            want = true.value_counts(normalize=True)
            gap = want.sub(said, fill_value=0).abs().sum() / 2
            found[name].append((float(gap), labels[inside].nunique()))
    return {
        m: {"total_variation": round(float(np.mean([g for g, _ in f])), 3),
            "worst": round(max(g for g, _ in f), 3),
            "groups": round(float(np.mean([k for _, k in f])), 1)}
        for m, f in found.items()
    }  # fmt: skip


def memory() -> dict[str, Any]:
    """A million mentions through the miner: three packs' comments again and again, with voc-small's vectors."""
    texts = [t for n in ("banking77", "clinc150", "nhs-subcategories") for t in load(n)[0]]
    load.cache_clear()
    small = load_model("voc-small").vectors(texts)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    times = 1_000_000 // len(texts) + 1
    rng = np.random.default_rng(0)
    vectors = np.tile(small, (times, 1))[:1_000_000]
    for row in vectors:
        row += rng.standard_normal(len(row), np.float32) * 0.01
    listed = [
        f"{t} {'again' * (i // len(texts) % 3)}" for i, t in enumerate((texts * times)[:1_000_000])
    ]
    mentions = mentions_of(listed)
    start = time.perf_counter()
    miner = IssueMiner(within_themes=False).fit(mentions, vectors)
    assigned = miner.predict(mentions, vectors)["issue_id"].notna().mean()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"mentions": len(mentions), "issues": len(miner.issues_), "assigned": round(float(assigned), 3),
            "seconds": round(time.perf_counter() - start, 1), "peak_gib": round(peak, 2),
            "before_gib": round(before, 2)}  # fmt: skip


TABLES = {
    "groups": groups,
    "airline": airline,
    "stability": stability,
    "shares": shares,
    "memory": memory,
}


def main(names: list[str]) -> None:
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for name in names or list(TABLES):
        results[name] = TABLES[name]()
        print(json.dumps({name: results[name]}, indent=1), flush=True)
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
