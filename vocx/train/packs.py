"""Public data packs to lessons: what each pack's own labels can teach, by written mappings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Set
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict

from vocx.errors import UserError, closest
from vocx.labelled import text_digest
from vocx.schema import EMOTIONS, KINDS, STAGES, TOUCHPOINTS
from vocx.train.calibrate import in_calibrating_tenth
from vocx.train.lessons import Classes, Lessons, cut, one_hot

_MONTHS = ("January|February|March|April|May|June|July|August|September|October|November|"
           "December")  # fmt: skip
_SCRAPED_TAIL = re.compile(rf"(?:{_MONTHS}) \d{{1,2}}, \d{{4}}(?:Unprompted review)?\s*$")
_NEIGHBOUR = 0.15  # of a star rating's weight goes to each neighbouring step: ratings are noisy


class PackEntry(BaseModel):
    """A pack: its file, how it is read, under which licence."""

    model_config = ConfigDict(extra="forbid")
    file: str
    reads: str
    source: str
    licence: str
    teaches: str
    rows: int = 100_000


@lru_cache
def _written(name: str) -> Any:
    path = Path(str(files("vocx"))) / "train" / "mappings" / f"{name}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def pack_entries() -> dict[str, PackEntry]:
    """The packs that can teach, by name."""
    return {k: PackEntry.model_validate(v) for k, v in _written("packs").items()}


def read_pack(name: str, data: Path, held: set[str], seed: int) -> Lessons:
    """Lessons of one pack under the folder ``data``, without held-out texts and those that calibrate."""
    entries = pack_entries()
    if name not in entries:
        raise UserError(f"there is no pack '{name}'", closest(name, sorted(entries)))
    entry = entries[name]
    frame = read_file(data, entry.file)
    if "split" in frame:
        frame = frame[frame["split"] == "train"]
    frame = _READERS[entry.reads](frame.reset_index(drop=True), name)
    text = frame["text"].astype(str).str.strip()
    key = frame.get("key", text)  # a text as the held-out digests know it
    digests = key.map(text_digest)
    aside = held_rows(key, digests, held) | digests.map(in_calibrating_tenth)
    if "turns" in frame:
        turns = frame["turns"].explode()
        aside |= held_rows(turns, turns.map(text_digest), held).groupby(level=0).any()
    kept = text.str.len().between(3, 2000) & ~aside
    frame = frame.assign(text=text)[kept].drop_duplicates("text")
    frame = frame.sample(min(len(frame), entry.rows), random_state=seed).reset_index(drop=True)
    return _lessons(frame, entry.source)


def held_rows(texts: pd.Series, digests: pd.Series, held: Set[str]) -> pd.Series:
    """(n,) whether texts with these digests are among the ``held`` ones, as they stand or bare.

    Bare is a text without what scraping left on it: a date at the end, a cut title before the sign
    "\u2026".
    """
    bare = texts.map(lambda text: any(text_digest(form) in held for form in _bare_forms(text)))
    return digests.isin(held) | bare.astype(bool)


def _bare_forms(text: str) -> set[str]:
    """What a text may have been before it was scraped, other than itself."""
    bare = _SCRAPED_TAIL.sub("", text)
    whole = (t.split("\u2026", 1)[1] for t in (text, bare) if "\u2026" in t)
    return {bare, *whole} - {text}


def read_file(data: Path, file: str) -> pd.DataFrame:
    """One file of the packs' folder; UserError where it is missing."""
    if not (data / file).is_file():
        raise UserError(f"{data / file}: no such file", "name the packs' folder in `data:`")
    return pd.read_parquet(data / file)


def side_classes() -> Classes:
    """Side tasks, which shape the encoder in training and do not ship."""
    maps, intents = _written("emotions"), _written("intents")["banking77"]
    return {
        "side.goemotions": list(maps["goemotions"]),
        "side.tweet_emotion": list(maps["tweets"]),
        "side.banking77": sorted(i for listed in intents.values() for i in listed),
    }


def _lessons(frame: pd.DataFrame, source: str) -> Lessons:
    """Lessons of a frame with text and, of these, what it has: soft (task to distributions), kind."""
    texts = frame["text"].tolist()
    feedback = {c: np.stack(frame[c].tolist()).astype(np.float16) for c in frame if "." in str(c)}
    owner, spans, segments = np.zeros(0, int), np.zeros((0, 2), int), {}
    if "kind" in frame:
        pieces = cut(texts)
        owner, spans = pieces["owner"].to_numpy(int), pieces[["start", "end"]].to_numpy(int)
        segments["segment.kind"] = one_hot(frame["kind"].iloc[owner], list(KINDS))
    return Lessons(texts, [source] * len(texts), owner, spans, feedback, segments)


def _steps(values: pd.Series) -> list[np.ndarray]:
    """Steps -2..2 to distributions that spill a little; null to zeros."""
    out = []
    for value in values:
        row = np.zeros(5)
        if value == value and value is not None:
            at = int(np.clip(round(float(value)), -2, 2)) + 2
            row[at] = 1 - _NEIGHBOUR * ((at > 0) + (at < 4))
            row[[i for i in (at - 1, at + 1) if 0 <= i < 5]] = _NEIGHBOUR
        out.append(row)
    return out


def _rated(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return pd.DataFrame({"text": frame["text"], "feedback.polarity": _steps(frame["rating5"] - 3)})


def _app_reviews(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return pd.DataFrame({"text": frame["text"], "feedback.polarity": _steps(frame["rating"] - 3)})


def _course_comments(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return pd.DataFrame({"text": frame["text"], "feedback.polarity": _steps(frame["sentiment"])})


def _nhs_framework(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    frame = frame[frame["text"] != "Did not answer"]
    return pd.DataFrame({
        "text": frame["text"],
        "feedback.polarity": _steps(3 - frame["sentiment_1pos_5neg"]),
        "kind": frame["question"].map(kind_asked_for),
    })  # fmt: skip


def _nhs_phase1(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    frame = frame[frame["label"] != "Couldn't be improved"]
    steps = np.sign(frame["criticality"]) * np.ceil(frame["criticality"].abs() / 2).clip(upper=2)
    return pd.DataFrame({"text": frame["text"], "feedback.polarity": _steps(steps)})


def _questions(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    frame = frame.assign(kind=frame["question"].map(kind_asked_for))
    return frame.loc[frame["kind"].notna(), ["text", "kind"]]


def kind_asked_for(question: Any) -> str | None:
    """Whether a survey question asks for pains or for wins; null for one that asks for either.

    >>> kind_asked_for("What was good?"), kind_asked_for("Any comments?")
    ('win', None)
    """
    asked = str(question).lower()
    said = {kind: any(w in asked for w in words) for kind, words in _written("questions").items()}
    return next((k for k in ("pain", "win") if said[k] and sum(said.values()) == 1), None)


def _boxes(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    step = frame["field"].map({"positive": 1, "negative": -1})
    kind = frame["field"].map({"positive": "win", "negative": "pain"})
    return pd.DataFrame({"text": frame["text"], "feedback.polarity": _steps(step), "kind": kind})


def _tweet_sentiment(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    shares = {"negative": [0.3, 0.7, 0, 0, 0], "neutral": [0, 0, 1, 0, 0],
              "positive": [0, 0, 0, 0.6, 0.4]}  # fmt: skip
    text = frame["text"].map(unescaped)
    return pd.DataFrame({"text": text, "feedback.polarity": frame["label"].map(shares)})


def unescaped(text: str) -> str:
    r"""A tweet with the escapes that the pack left in it resolved.

    >>> unescaped("I\\u2019m")
    'I’m'
    """
    if "\\u" not in text:
        return text
    return text.encode("ascii", "backslashreplace").decode("unicode_escape", "replace")


def _goemotions(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    written = _written("emotions")["goemotions"]
    side = {c: i for i, c in enumerate(written)}
    rows = []
    for labels in frame["emotions"]:
        many, mapped = np.zeros(len(side)), np.zeros(len(EMOTIONS))
        for label in labels:
            many[side[label]] = 1
            mapped[list(EMOTIONS).index(written[label])] += 1 / len(labels)
        rows.append((many, mapped))
    return pd.DataFrame({
        "text": frame["text"],
        "side.goemotions": [r[0] for r in rows],
        "feedback.emotion": [r[1] for r in rows],
    })  # fmt: skip


def _tweet_emotion(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    written = _written("emotions")["tweets"]
    return pd.DataFrame({
        "text": frame["text"].map(unescaped),
        "side.tweet_emotion": list(one_hot(frame["label"], list(written))),
        "feedback.emotion": list(one_hot(frame["label"].map(written), list(EMOTIONS))),
    })  # fmt: skip


def _places(name: str, intents: pd.Series) -> dict[str, list[np.ndarray]]:
    """Stage and touchpoint of intents, by the written table."""
    of = {i: pair.split() for pair, listed in _written("intents")[name].items() for i in listed}
    pairs = [of.get(i, (None, None)) for i in intents]
    return {
        "feedback.stage": list(one_hot(pd.Series([p[0] for p in pairs]), list(STAGES))),
        "feedback.touchpoint": list(one_hot(pd.Series([p[1] for p in pairs]), list(TOUCHPOINTS))),
    }


def _intents(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    text = frame["utterance"] if "utterance" in frame else frame["text"]
    intent = frame["category"] if name == "banking77" else frame["intent"]
    out = pd.DataFrame({"text": text, **_places(name, intent)})
    if name == "banking77":
        out["side.banking77"] = list(one_hot(intent, side_classes()["side.banking77"]))
        return out
    return out[[bool(s.any()) for s in out["feedback.stage"]]]


def _multidogo(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Whole conversations; the first intent with a place in the journey is what they are about."""
    known = {i for listed in _written("intents")[name].values() for i in listed}
    frame = frame[frame["text"].notna()].sort_values(["conversation_id", "turn"])
    frame = frame.assign(
        intent=[next((i for i in x if i in known), None) for x in frame["intents"]]
    )
    talks = frame.groupby("conversation_id", sort=True).agg(
        text=("text", "\n".join), key=("text", as_conversation), turns=("text", list),
        intent=("intent", "first"),
    )  # fmt: skip
    talks = talks.dropna(subset=["intent"]).reset_index(drop=True)
    return talks.drop(columns="intent").assign(**_places(name, talks["intent"]))


def as_conversation(turns: Iterable[str]) -> str:
    """The customer's turns as JourneyBench writes a conversation, by which it is held out.

    >>> as_conversation(["Hi", "No, thanks"])
    'Customer: Hi / No, thanks'
    """
    return "Customer: " + " / ".join(turns)


def _star(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Dialogues with one task; what the customer said."""
    frame = frame[(frame["speaker"] == "user") & ~frame["multi_task"] & frame["text"].notna()]
    frame = frame.sort_values(["dialogue_id", "event"])
    talks = frame.groupby("dialogue_id", sort=True).agg(
        text=("text", "\n".join), key=("text", as_conversation), turns=("text", list),
        intent=("tasks", "first"),
    )  # fmt: skip
    talks = talks.reset_index(drop=True)
    out = talks.drop(columns="intent").assign(**_places(name, talks["intent"]))
    return out[[bool(s.any()) for s in out["feedback.stage"]]]


_READERS: dict[str, Callable[[pd.DataFrame, str], pd.DataFrame]] = {
    "rated": _rated, "app_reviews": _app_reviews, "course_comments": _course_comments,
    "nhs_framework": _nhs_framework, "nhs_phase1": _nhs_phase1, "questions": _questions,
    "boxes": _boxes, "tweet_sentiment": _tweet_sentiment, "tweet_emotion": _tweet_emotion,
    "goemotions": _goemotions, "intents": _intents, "multidogo": _multidogo, "star": _star,
}  # fmt: skip
