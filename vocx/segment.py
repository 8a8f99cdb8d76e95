"""Feedback to segments: sentences and clauses of the customer's words, with their offsets.

spaCy's English tokenizer and sentence rules find sentences; clauses are cut where the writer turns
("but", "although", ";") or starts over with a subject and a verb ("..., the staff were"). A mention
is a clause: one sentence often holds a pain and a win.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
import pandas as pd
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Token

from vocx.turns import customer_spans

_TURNS = frozenset(
    ["but", "however", "although", "though", "yet", "whereas", "except", "unfortunately"]
)
_SUBJECTS = frozenset(
    (
        "i we you he she it they there this that these those the my our your his her its their "
        "no nobody everyone everything nothing a an"
    ).split()
)
_VERBS = frozenset(
    (
        "am is are was were be been 's 're 'm 've have has had do does did ca can could will wo "
        "'ll would should must got get gets make makes made went go goes keep keeps kept took "
        "take takes came come comes said says told need needs needed want wants wanted love "
        "loved like liked hate hated works work worked feels felt seems seemed looks looked n't "
        "tried try tries waited arrived broke stopped lost paid bought ordered called asked find "
        "found gave give helped"
    ).split()
)
_JOINTS = frozenset({",", "and", "so", "then", "because", "or"})
_BREAKS = frozenset({";", "/", "-", "–", "—", "|", "•", "*", "..."})
MIN_WORDS = 2  # a shorter clause is joined to its neighbour


@lru_cache(maxsize=1)
def _english() -> Language:
    english = spacy.blank("en")
    english.add_pipe("sentencizer", config={"punct_chars": [".", "!", "?", "…", "。"]})
    return english


def _is_break(token: Token) -> bool:
    """Marks that end a clause: a newline, a semicolon, a dash or slash that stands alone."""
    if "\n" in token.text:
        return True
    if token.text not in _BREAKS:
        return False
    alone = token.i == 0 or bool(token.nbor(-1).whitespace_) or token.nbor(-1).is_space
    return token.text in (";", "...", "—", "•") or (alone and bool(token.whitespace_))


def _has_verb(tokens: Iterable[Token]) -> bool:
    return any(t.lower_ in _VERBS for t in tokens)


def _n_words(doc: Doc, start: int, end: int) -> int:
    return sum(not (t.is_punct or t.is_space) for t in doc[start:end])


def _cuts(doc: Doc) -> Iterator[int]:
    """Token indices at which a new clause may start, in order."""
    for token in doc:
        i = token.i
        if i == 0:
            continue
        before = doc[i - 1]
        if (
            token.is_sent_start
            or _is_break(before)
            or (
                token.lower_ in _TURNS
                and before.lower_ not in ("nothing", "all", "anything", "not")
            )
        ):
            yield i
        elif token.lower_ in _SUBJECTS and before.lower_ in _JOINTS:
            start = i - 1
            while start > 0 and not (doc[start].is_sent_start or _is_break(doc[start - 1])):
                start -= 1
            end = i + 1
            while end < len(doc) and not doc[end].is_sent_start and end - i < 12:
                end += 1
            if _has_verb(doc[start : i - 1]) and _has_verb(doc[i:end]):
                yield i if before.is_punct else i - 1


def clauses(doc: Doc) -> list[tuple[int, int]]:
    """Character spans of the clauses of a text, none of them shorter than `MIN_WORDS` if it can be.

    >>> doc = _english()("Lovely room but the shower was cold. Will not return!")
    >>> [doc.text[a:b] for a, b in clauses(doc)]
    ['Lovely room', 'but the shower was cold.', 'Will not return!']
    """
    if not len(doc):
        return []
    edges = [0, *dict.fromkeys(_cuts(doc)), len(doc)]
    spans: list[list[int]] = []
    for start, end in itertools.pairwise(edges):
        hard = start == 0 or bool(doc[start].is_sent_start) or _is_break(doc[start - 1])
        short = _n_words(doc, start, end) < MIN_WORDS
        was_short = bool(spans) and _n_words(doc, *spans[-1][:2]) < MIN_WORDS
        if spans and not hard and (short or was_short):
            spans[-1][1] = end
        else:
            spans.append([start, end])
    found = []
    for start, end in spans:
        text = doc[start:end].text_with_ws
        left = len(text) - len(text.lstrip(" \n\t/-–—|•*;,"))
        begin = doc[start].idx + left
        finish = doc[start].idx + len(text.rstrip(" \n\t/–—|•"))
        if any(c.isalpha() for c in doc.text[begin:finish]):
            found.append((begin, finish))
    return found


def segment(feedback: pd.DataFrame) -> pd.DataFrame:
    """Segments of the meaningful feedback: id, sequence, offsets in ``feedback.text``, text, speaker.

    Of a conversation only the customer's turns are cut; an agent's words never become a segment.
    """
    pieces: list[tuple[str, int, str, str | None]] = []  # feedback_id, offset, words, speaker
    for row in feedback[feedback["meaningful"]].itertuples():
        for start, end, speaker in customer_spans(row.text, row.turns):
            pieces.append((row.feedback_id, start, row.text[start:end], speaker))
    rows = []
    seq_of: dict[str, int] = {}
    docs = _english().pipe((words for _, _, words, _ in pieces), batch_size=256)
    for (owner, offset, words, speaker), doc in zip(pieces, docs, strict=True):
        for start, end in clauses(doc):
            seq = seq_of[owner] = seq_of.get(owner, -1) + 1
            rows.append(
                (
                    f"{owner}/{seq}",
                    owner,
                    seq,
                    offset + start,
                    offset + end,
                    words[start:end],
                    speaker,
                )
            )
    names = ["segment_id", "feedback_id", "seq", "start", "end", "text", "speaker"]
    return pd.DataFrame(rows, columns=names)


def spans_in_words(feedback: pd.DataFrame, segments: pd.DataFrame) -> np.ndarray:
    """(n, 2) characters of each segment in its feedback's `customer_words`.

    ``segments`` has feedback_id, start and end (characters in ``feedback.text``).
    """
    shift: dict[str, list[tuple[int, int]]] = {}  # feedback to (start of a turn, shift of it)
    for row in feedback.itertuples():
        at, turns = 0, []
        for start, end, _ in customer_spans(row.text, row.turns):
            turns.append((start, at - start))
            at += end - start + 1
        shift[row.feedback_id] = turns
    moves = [
        next(m for begin, m in reversed(shift[owner]) if begin <= start)
        for owner, start in zip(segments["feedback_id"], segments["start"], strict=True)
    ]
    spans = segments[["start", "end"]].to_numpy(int)
    return spans + np.array(moves, int).reshape(-1, 1)
