"""Makes tests/data/tiny-model: a real model, small enough for every test to load.

    python tests/make_tiny_model.py

The 3,000 tokens that the sample feedback uses most, with the first 16 dimensions of voc-small's
vectors, 512 bins of token pairs, windows of 8 values and a hidden layer of 16, trained on the labelled sample.
"""

import json
from pathlib import Path

import numpy as np

from vocx.config import Columns, Input, TrainConfig
from vocx.encode.tokens import plain_tokenizer, tokenise
from vocx.ingest import ingest
from vocx.labelled import read_labels
from vocx.models import load_folder
from vocx.train.lessons import from_labelled, task_classes
from vocx.train.network import BagBody, Network, Schedule
from vocx.train.recipe import to_folder
from vocx.turns import customer_words

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "data" / "samples"
N_TOKENS, N_DIMENSIONS, N_PAIRS, N_CHANNELS, N_HIDDEN = 3000, 16, 512, 8, 16


def main() -> None:
    base = load_folder(str(ROOT / "models" / "voc-small"))
    paths = sorted(SAMPLES.glob("*.jsonl")) + sorted(SAMPLES.glob("*.csv"))
    texts = customer_words(ingest([Input(path=str(p), columns=Columns()) for p in paths]).feedback)
    tokenizer, vectors = shrink(base.tokenizer, base.tensors["token_vectors"], texts)
    lessons = from_labelled(read_labels(SAMPLES / "labelled_feedback.jsonl"), task_classes())
    body = BagBody(vectors, N_PAIRS, N_CHANNELS, N_HIDDEN)
    network = Network(body, plain_tokenizer(tokenizer), task_classes())
    network.fit(lessons, Schedule(60, 1e-2, 1e-2, 4096), print)
    config = TrainConfig(name="tiny-model", data="", labels=[], encoder="")
    folder = to_folder(config, network, lessons, lessons)
    card = "# tiny-model\n\nFor tests only; see `tests/make_tiny_model.py`.\n"
    folder.save(Path(__file__).parent / "data" / "tiny-model", card)


def shrink(tokenizer: str, vectors: np.ndarray, texts: list[str]) -> tuple[str, np.ndarray]:
    """The tokenizer with its most used tokens alone, and their vectors' first dimensions."""
    ids = tokenise(plain_tokenizer(tokenizer), texts).ids
    counts = np.bincount(ids, minlength=len(vectors))
    content = json.loads(tokenizer)
    vocabulary = content["model"]["vocab"]
    special = {t["id"] for t in content["added_tokens"]}
    kept = sorted(special | set(np.argsort(-counts, kind="stable")[:N_TOKENS].tolist()))
    new_id = {old: new for new, old in enumerate(kept)}
    content["model"]["vocab"] = {t: new_id[i] for t, i in vocabulary.items() if i in new_id}
    for token in content["added_tokens"]:
        token["id"] = new_id[token["id"]]
    content["post_processor"] = None
    return json.dumps(content), vectors[kept, :N_DIMENSIONS]


if __name__ == "__main__":
    main()
