"""The packs' comments, and labels that are kept by digest, without any text.

Labels that were made for vocx lie in `data/labels` as digests and offsets; the words they belong to
are found again in the packs.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Set
from pathlib import Path

import pandas as pd

from vocx.errors import UserError
from vocx.labelled import FEEDBACK_TASKS, Labelled, text_digest
from vocx.train.lessons import FEEDBACK_COLUMNS, task_classes
from vocx.train.packs import as_conversation, held_rows, read_file, unescaped

log = logging.getLogger(__name__)

_LEAST, _MOST = 8, 4000  # characters of a comment
_CLINC = ("account balance bill card credit flight insurance order book hotel rental transfer "
          "payment transaction interest restaurant rewards pin freeze fraud lost_luggage travel"
          ).split()  # fmt: skip
_SERVED = re.compile(
    r"\b(?:flight|airline|airport|delta|southwest|ryanair|easyjet|jetblue|amazon|iphone|ios|android|"
    r"windows 10|microsoft|xbox|playstation|ps4|nintendo|netflix|hulu|spotify|verizon|at&t|comcast|"
    r"vodafone|tesco|walmart|target|ikea|costco|starbucks|chipotle|uber|lyft|paypal|bank|refund|"
    r"customer service|deliver(?:y|ed)|shipp(?:ing|ed)|order(?:ed)?|store|restaurant|hotel|menu|app|"
    r"update|broken|warranty|subscription|price|discount|coupon|sale|nike|adidas|kindle|galaxy|"
    r"samsung|laptop|service|staff|phone|ticket|queue|website|united|apple|google play|t-?mobile|"
    r"sprint|sainsbury|mcdonald'?s?|burger king|kfc|subway|domino'?s|pizza hut|taco bell|wendy|"
    r"nandos|primark|h&m|zara|lenovo|sony|dell|waitress|american airlines|british airways)\b", re.IGNORECASE)  # fmt: skip


def pack_comments(data: Path, held: Set[str] = frozenset()) -> pd.DataFrame:
    """Every comment of the packs that may train weights: pack, text, source, thread, digest.

    Single texts are kept as they are; of conversations the customer's turns are joined by " / ".
    None is left that is among the ``held`` digests (see `without_held`). The test splits of sets
    that vocx is measured on are left out.
    """
    found = [
        _texts(data, "reviews_rated/reviews.parquet", "review"),
        _texts(data, "reviews_unrated/reviews.parquet", "review"),
        _texts(data, "app_reviews_labelled/app_reviews.parquet", "review"),
        _texts(data, "booking_pos_neg/booking.parquet", "review"),
        _texts(data, "cfpb_complaints/cfpb.parquet", "complaint"),
        _texts(data, "nhs_fft_survey/fft_v6_framework.parquet", "survey"),
        _texts(data, "nhs_fft_survey/fft_phase1.parquet", "survey"),
        _texts(data, "survey_open_ends/open_ends.parquet", "survey"),
        _texts(data, "survey_open_ends/umich_course_comments.parquet", "survey"),
        _training_split(_texts(data, "banking77/banking77.parquet", "transcript")),
        _texts(data, "bitext_customer_support/intent_utterances.parquet", "transcript"),
        _talks(data, "multidogo/turn_level.parquet", "conversation_id", "turn"),
        _talks(data, "star_dialogues/star.parquet", "dialogue_id", "event"),
    ]
    turns = _texts(data, "multidogo/turn_level.parquet", "transcript")
    turns["thread"] = "multidogo/" + turns["conversation_id"].astype(str)
    found.append(turns[turns["text"].str.split().str.len() >= 6])
    asked = _training_split(_texts(data, "clinc150/clinc150_full.parquet", "transcript"))
    found.append(asked[asked["intent"].str.contains("|".join(_CLINC))])
    tweets = _texts(data, "tweeteval/sentiment_train_semeval2017.parquet", "social")
    tweets["text"] = tweets["text"].map(unescaped)
    found.append(tweets[tweets["text"].str.contains(_SERVED)])
    return without_held(_distinct(found), held)


def without_held(texts: pd.DataFrame, held: Set[str]) -> pd.DataFrame:
    """Texts that may train: none of the ``held`` digests, nor a part of a conversation with one.

    A text is held out in some other forms, too (see `held_rows`).
    """
    if not held:
        return texts
    found = held_rows(texts["text"], texts["digest"], held)
    threads = texts["thread"].isin(texts.loc[found, "thread"].dropna())
    return texts[~found & ~threads].reset_index(drop=True)


def unrelated_texts(data: Path, held: Set[str] = frozenset()) -> pd.DataFrame:
    """Texts of the packs that are no feedback: tweets of anything, remarks under posts.

    As `pack_comments`. A teacher's labels of them tell how people write online, of which the packs'
    comments have little.
    """
    tweets = _texts(data, "tweeteval/sentiment_train_semeval2017.parquet", "social")
    remarks = _training_split(_texts(data, "goemotions/goemotions.parquet", "social"))
    texts = _distinct([f.assign(text=f["text"].map(unescaped)) for f in (tweets, remarks)])
    return without_held(texts, held)


def _distinct(found: list[pd.DataFrame]) -> pd.DataFrame:
    """Texts of all frames with their digests, each once, without those too short or too long."""
    names = ["pack", "text", "source", "thread"]
    texts = pd.concat([f.reindex(columns=names) for f in found], ignore_index=True)
    texts = texts[texts["text"].str.len().between(_LEAST, _MOST)]
    texts["digest"] = texts["text"].map(text_digest)
    return texts.drop_duplicates("digest").reset_index(drop=True)


def _texts(data: Path, file: str, source: str) -> pd.DataFrame:
    frame = read_file(data, file)
    frame = frame.rename(columns={"utterance": "text"})
    frame = frame[frame["text"].notna() & (frame["text"] != "Did not answer")]
    return frame.assign(pack=file.split("/")[0], source=source, text=frame["text"].astype(str))


def _training_split(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["split"] == "train"]


def _talks(data: Path, file: str, thread: str, turn: str) -> pd.DataFrame:
    frame = read_file(data, file).sort_values([thread, turn])
    if "speaker" in frame:
        frame = frame[frame["speaker"] == "user"]
    frame = frame[frame["text"].notna()]
    talks = frame.groupby(thread, sort=True)["text"].agg(as_conversation)
    pack = file.split("/")[0]
    threads = pack + "/" + talks.index.astype(str)
    return pd.DataFrame({"pack": pack, "source": "transcript", "text": talks, "thread": threads})


def read_digest_labels(folder: Path, comments: pd.DataFrame) -> Labelled:
    """Labels kept as digests, with their words found again among the packs' ``comments``."""
    for name in ("comments.parquet", "mentions.parquet"):
        if not (folder / name).is_file():
            raise UserError(f"{folder}: has no {name}", "name a folder of labels by digest")
    labels = pd.read_parquet(folder / "comments.parquet")
    rows = labels.merge(comments[["digest", "text"]], on="digest", how="inner")
    if rows.empty:
        raise UserError(f"{folder}: none of its texts is in the packs", "check the packs' folder")
    if lost := len(labels) - len(rows):
        log.warning("%s: %d of %d labelled comments are held out, or in no pack: left out",
                    folder, lost, len(labels))  # fmt: skip
    feedback = pd.DataFrame({
        "feedback_id": rows["digest"], "source": rows["source"], "source_id": rows["digest"],
        "digest": rows["digest"],
        "text": rows["text"], "turns": None, "meaningful": True, "stage": rows["stage"],
        "touchpoint": rows["touchpoint"], "sentiment": rows["sentiment"],
        "emotion": rows["emotion"], "draw": rows["draw"], "mentions_coded": rows["mentions_coded"],
        **{c: rows[c] for c in rows.columns if c.endswith("_second")},
    })  # fmt: skip
    mentions = pd.read_parquet(folder / "mentions.parquet").astype({"severity": float})
    mentions = mentions.merge(rows[["digest", "text"]], on="digest", how="inner")
    mentions["quote"] = [t[a:b] for t, a, b in zip(
        mentions["text"], mentions["start"], mentions["end"], strict=True)]  # fmt: skip
    mentions = mentions.rename(columns={"digest": "feedback_id"})
    names = ["feedback_id", "quote", "kind", "stage", "touchpoint", "theme", "severity"]
    return Labelled(feedback, mentions[names])


def with_second_coder(feedback: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Labelled feedback beside what a second coder said of it: columns such as stage_second.

    The table at ``path`` (Parquet) has the digest of each text as it was given (see `text_digest`)
    and a column for each of `FEEDBACK_TASKS`; what it does not tell of stays as it was.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file", "name a table of a second coder's labels, or none")
    said = pd.read_parquet(path)
    columns = ["digest", *FEEDBACK_TASKS]
    if lacking := [c for c in columns if c not in said]:
        raise UserError(f"{path}: has no column {', '.join(lacking)}",
                        f"give it the columns {', '.join(columns)}")  # fmt: skip
    said = said.drop_duplicates("digest").set_index("digest")
    classes = task_classes()
    for task, column in FEEDBACK_COLUMNS.items():
        labels = said[column].dropna()
        if len(odd := labels[~labels.isin(classes[task])]):
            raise UserError(f"{path}: {column} '{odd.iloc[0]}' is none of the labels",
                            f"use one of {', '.join(map(str, classes[task]))}")  # fmt: skip
    if strange := (~said.index.isin(feedback["digest"])).sum():
        log.warning(
            "%s: %d of its %d texts are not among the labelled ones", path, strange, len(said)
        )
    found = said.reindex(feedback["digest"]).reset_index(drop=True)
    both = feedback.copy()
    for task in FEEDBACK_TASKS:
        before = feedback.get(f"{task}_second", pd.Series(None, feedback.index, object))
        theirs = found[task].set_axis(feedback.index).astype(object)
        both[f"{task}_second"] = theirs.where(theirs.notna(), before)
    return both
