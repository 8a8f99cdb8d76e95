"""Makes tests/data/tiny-model: a real model, small enough for every test to load.

    python tests/make_tiny_model.py

The 3,000 tokens that the sample feedback uses most, the first 16 dimensions of voc-small's vectors,
1,024 + 1,024 n-gram bins, and heads fitted to the labelled sample.
"""

import json
from pathlib import Path

import numpy as np

from vocx.config import Columns, Input
from vocx.encode import FeatureEncoder, HashedNgrams, StaticEncoder
from vocx.ingest import ingest
from vocx.labelled import read_labels
from vocx.models import load_folder
from vocx.pipeline import build_encoder
from vocx.segment import customer_words
from vocx.train.recipe import Training, fit_heads, to_folder

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "data" / "samples"
N_TOKENS, N_DIMENSIONS, N_BINS = 3000, 16, 1024


def main() -> None:
    base = load_folder(str(ROOT / "models" / "voc-small"))
    encoder = build_encoder(base)
    paths = sorted(SAMPLES.glob("*.jsonl")) + sorted(SAMPLES.glob("*.csv"))
    texts = customer_words(ingest([Input(path=str(p), columns=Columns()) for p in paths]).feedback)
    tokenizer, vectors = shrink(base.tokenizer, encoder.static, texts)
    labelled = read_labels(SAMPLES / "labelled_feedback.jsonl")
    ngrams = HashedNgrams(N_BINS, N_BINS).fit_idf(customer_words(labelled.feedback))
    from tokenizers import Tokenizer

    tiny = FeatureEncoder(StaticEncoder(Tokenizer.from_str(tokenizer), vectors), ngrams)
    heads, knots = fit_heads(Training(tiny, labelled, progress=print))
    folder = to_folder("tiny-model", tiny, tokenizer, heads, knots, labelled)
    card = "# tiny-model\n\nFor tests only; see `tests/make_tiny_model.py`.\n"
    folder.save(Path(__file__).parent / "data" / "tiny-model", card)


def shrink(tokenizer: str, static: StaticEncoder, texts: list[str]) -> tuple[str, np.ndarray]:
    """The tokenizer with its most used tokens alone, and their vectors' first dimensions."""
    counts = np.zeros(len(static.vectors))
    for found in static.tokenizer.encode_batch(texts, add_special_tokens=False):
        np.add.at(counts, found.ids, 1)
    content = json.loads(tokenizer)
    vocabulary = content["model"]["vocab"]
    special = {t["id"] for t in content["added_tokens"]}
    kept = sorted(special | set(np.argsort(-counts, kind="stable")[:N_TOKENS].tolist()))
    new_id = {old: new for new, old in enumerate(kept)}
    content["model"]["vocab"] = {t: new_id[i] for t, i in vocabulary.items() if i in new_id}
    for token in content["added_tokens"]:
        token["id"] = new_id[token["id"]]
    content["post_processor"] = None
    return json.dumps(content), static.vectors[kept, :N_DIMENSIONS]


if __name__ == "__main__":
    main()
