"""The parser that issue names are made with: a small spaCy pipeline trained on UD English EWT.

Customers write in lower case, without full stops, of apps and parcels; so does a part of what it
learns from.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam, warmup_linear

from vocx.config import ParserConfig
from vocx.models import PARSER

_LOWERED = 0.4  # share of sentences that are read in lower case, without their last mark
_SWAPPED = (
    0.1  # share of nouns that one of customers' nouns stands in for, which the treebank lacks
)
_CUSTOMERS_NOUNS = (
    "app website login checkout refund parcel courier voucher subscription password update notification "
    "account card payment fee charge statement balance loan mortgage branch agent helpline chatbot email "
    "appointment ambulance paramedic nurse surgery ward discharge receptionist flight seat boarding "
    "luggage lounge crew gate booking reservation room bathroom breakfast wifi pool shower mattress "
    "phone battery screen charger headset laptop kettle mixer cable remote warranty instruction manual "
    "subtitle episode series playlist ad profile download streaming buffering feature setting button "
    "delivery order package item size fabric stock shop till queue parking staff driver manager service "
    "course lecture lecturer module assignment grade tutor exam slide syllabus"
).split()
_BATCH_WORDS = 800
_RATE = 0.001

_CARD = """# {name}

A small spaCy pipeline (tok2vec, tagger, parser; universal parts of speech and dependencies) that finds the phrases
issues are named by. It reads no vectors and needs nothing but spaCy.

Trained by `vocx train pipelines/train-parser.yaml` on the train part of UD English EWT (Silveira et al. 2014, and the
UD_English-EWT contributors), part of it in lower case without last marks, and with a tenth of its nouns swapped for
nouns that customers use.

On the dev part, once as it is and once in lower case: parts of speech {tag_acc}, unlabelled attachment {dep_uas}, labelled
attachment {dep_las}.

Licence: the treebank is CC BY-SA 4.0, and so is this model; the rest of vocx is not.
"""
Progress = Callable[[str], None]


class Sentence(NamedTuple):
    """A parsed sentence: words, whether a blank follows each, and their part of speech, head and relation."""

    words: list[str]
    spaces: list[bool]
    pos: list[str]
    heads: list[int]
    deps: list[str]

    def lowered(self) -> Sentence:
        """As a customer may type it: in lower case, without the mark at its end."""
        n = len(self.words)
        if n > 2 and self.pos[-1] == "PUNCT" and n - 1 not in self.heads[:-1]:
            n -= 1
        words = [w.lower() for w in self.words[:n]]
        return Sentence(words, self.spaces[:n], self.pos[:n], self.heads[:n], self.deps[:n])

    def swapped(self, chance: random.Random) -> Sentence:
        """Some of its nouns replaced by nouns that customers use."""
        words = list(self.words)
        for i, (word, pos) in enumerate(zip(self.words, self.pos, strict=True)):
            if pos == "NOUN" and word.isalpha() and chance.random() < _SWAPPED:
                noun = chance.choice(_CUSTOMERS_NOUNS)
                plural = word.endswith("s") and not word.endswith("ss") and not noun.endswith("s")
                words[i] = noun + "s" if plural else noun
        return self._replace(words=words)


def read_conllu(path: Path) -> Iterator[Sentence]:
    """The sentences of a gzipped CoNLL-U file; relations without their subtypes, but for passives."""
    rows: list[list[str]] = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                cells = line.rstrip("\n").split("\t")
                if not line.startswith("#") and cells[0].isdigit():
                    rows.append(cells)
                continue
            if rows:
                yield _sentence(rows)
            rows = []
    if rows:
        yield _sentence(rows)


def _sentence(rows: list[list[str]]) -> Sentence:
    heads = [i if r[6] == "0" else int(r[6]) - 1 for i, r in enumerate(rows)]
    kept = ("nsubj:pass", "compound:prt", "nmod:poss")
    deps = ["ROOT" if r[6] == "0" else r[7] if r[7] in kept else r[7].split(":")[0] for r in rows]
    spaces = ["SpaceAfter=No" not in r[9] for r in rows]
    return Sentence([r[1] for r in rows], spaces, [r[3] for r in rows], heads, deps)


def _example(nlp: Language, s: Sentence) -> Example:
    plain = Doc(nlp.vocab, words=s.words, spaces=s.spaces)
    gold = Doc(
        nlp.vocab, words=s.words, spaces=s.spaces, tags=s.pos, pos=s.pos, heads=s.heads, deps=s.deps
    )
    return Example(plain, gold)


def blank_parser(width: int) -> Language:
    """An untrained pipeline: word shapes and affixes, a convolution, a tagger and a parser on it."""
    nlp = spacy.blank("en")
    layers = {
        "@architectures": "spacy.HashEmbedCNN.v2", "pretrained_vectors": None, "width": width, "depth": 4,
        "embed_size": 2000, "window_size": 1, "maxout_pieces": 3, "subword_features": True,
    }  # fmt: skip
    nlp.add_pipe("tok2vec", config={"model": layers})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": width, "upstream": "*"}
    nlp.add_pipe("tagger", config={"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": listener}})  # fmt: skip
    parser = {
        "@architectures": "spacy.TransitionBasedParser.v2", "state_type": "parser", "extra_state_tokens": False,
        "hidden_width": 64, "maxout_pieces": 2, "use_upper": False, "tok2vec": listener,
    }  # fmt: skip
    nlp.add_pipe("parser", config={"model": parser})
    return nlp


def train_parser(config: ParserConfig, progress: Progress) -> tuple[Language, dict[str, float]]:
    """A trained pipeline, and its scores on the treebank's dev part."""
    fix_random_seed(config.seed)
    chance = random.Random(config.seed)
    folder = Path(config.treebank)
    learn = list(read_conllu(folder / "en_ewt-ud-train.conllu.gz"))
    judge = list(read_conllu(folder / "en_ewt-ud-dev.conllu.gz"))
    nlp = blank_parser(config.width)
    nlp.initialize(lambda: [_example(nlp, s) for s in learn])
    n_steps = config.epochs * sum(len(s.words) for s in learn) // _BATCH_WORDS
    rates: Any = warmup_linear(_RATE, n_steps // 20, n_steps)
    optimizer = Adam(rates, L2=0.01, grad_clip=1.0)
    checks = [_example(nlp, s) for s in judge] + [_example(nlp, s.lowered()) for s in judge]
    scores: dict[str, float] = {}
    for epoch in range(config.epochs):
        chance.shuffle(learn)
        losses: dict[str, float] = {}
        swapped = (s.swapped(chance) for s in learn)
        told = (s.lowered() if chance.random() < _LOWERED else s for s in swapped)
        for batch in _batches(told):
            nlp.update([_example(nlp, s) for s in batch], sgd=optimizer, drop=0.1, losses=losses)
            optimizer.step_schedules()
        with nlp.use_params(optimizer.averages):
            found = nlp.evaluate(checks, batch_size=64)
        scores = {k: round(float(found[k]), 4) for k in ("tag_acc", "dep_uas", "dep_las")}
        progress(f"epoch {epoch + 1} of {config.epochs}: {json.dumps(scores)}")
    with nlp.use_params(optimizer.averages):
        settled = nlp.from_bytes(nlp.to_bytes())
    return settled, scores


def save_parser(nlp: Language, scores: dict[str, float], folder: Path) -> None:
    """The pipeline in spaCy's own layout, and its card."""
    nlp.meta |= {
        "name": PARSER, "version": "1", "spacy_version": ">=3.8,<4", "license": "CC BY-SA 4.0",
        "description": "Tags and dependencies (UD) of customers' English, to name issues with",
        "sources": [{"name": "UD English EWT", "license": "CC BY-SA 4.0"}], "performance": scores,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(folder)
    (folder / "README.md").write_text(
        _CARD.format(name=PARSER, **{k: f"{v:.3f}" for k, v in scores.items()}), encoding="utf-8"
    )


def _batches(sentences: Iterator[Sentence]) -> Iterator[list[Sentence]]:
    batch: list[Sentence] = []
    for sentence in sentences:
        batch.append(sentence)
        if sum(len(s.words) for s in batch) >= _BATCH_WORDS:
            yield batch
            batch = []
    if batch:
        yield batch
