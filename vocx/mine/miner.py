"""Issues: recurring problems and praises, found inside each theme and outside them all.

What recurs in every trade has a theme, and what is particular to this data is found as groups inside
it; mentions of a theme that are in no such group are its general issue. Issues that a codebook knows
already keep their mentions, and only what fits none of them is searched for new ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from vocx.mine.groups import communities, nearest
from vocx.mine.names import StemTable, Taken
from vocx.mine.space import MentionSpace, unit
from vocx.mine.words import content_words
from vocx.themes import load_themes, theme_title

ISSUE_COLUMNS = ("issue_id", "theme", "kind", "name", "definition", "terms", "status", "general", "anywhere", "parents")  # fmt: skip
TOO_RARE, TOO_VAGUE = "too_rare", "too_vague"  # why a mention is of no issue
_VOTERS = 10  # learned mentions that say where another belongs
_PAIRS = 10_000  # of mentions drawn to learn how alike strangers are
_STRANGERS = 0.85  # an issue's mentions are more alike than this share of strangers
_TYPICAL = 0.1  # share of an issue's own mentions that are less typical than others must be
_ROUNDING = 1e-5  # by which a likeness may differ from run to run
_KINDS = ("pain", "win")
_ANY = "*"  # theme of what is remembered of issues that take mentions of every theme


class IssueMiner(BaseEstimator):
    """Groups mentions into issues: communities of their nearest neighbours.

    Parameters
    ----------
    min_feedback : distinct feedback that a new issue needs.
    detail : how finely mentions are told apart; twice as much gives roughly half as many again.
    sample : different mentions per theme that issues are learned on; all are assigned afterwards.
    within_themes : whether issues lie inside themes; else they are searched among all mentions of a kind.
    theme_threshold : a theme whose score is below it does not count as known, by kind.
    seed : of the sample.

    Attributes
    ----------
    issues_ : one row per issue: issue_id, theme, kind, name, definition, terms, status (known, emerging,
        hidden), general (of its theme), anywhere (takes mentions of every theme), parents.
    members_ : the mentions that each issue was learned on: issue_id, kind, theme, text.
    """

    def __init__(
        self,
        min_feedback: int = 3,
        detail: float = 4.0,
        sample: int = 5000,
        within_themes: bool = True,
        theme_threshold: dict[str, float] | None = None,
        seed: int = 0,
    ):
        self.min_feedback = min_feedback
        self.detail = detail
        self.sample = sample
        self.within_themes = within_themes
        self.theme_threshold = theme_threshold
        self.seed = seed

    def fit(
        self,
        mentions: pd.DataFrame,
        vectors: np.ndarray,
        known: pd.DataFrame | None = None,
        learned: pd.DataFrame | None = None,
        learned_vectors: np.ndarray | None = None,
    ) -> IssueMiner:
        """Learn issues from mentions (feedback_id, text, kind, theme, theme_score) and unit vectors.

        ``known`` are issues of a codebook (as ``issues_``), ``learned`` mentions of theirs (as
        ``members_``), with unit vectors. The order of mentions makes no difference.
        """
        mentions, rows = self._recalled(mentions, vectors, known, learned, learned_vectors)
        self._table = StemTable(mentions["text"])
        self._taken = Taken(self.issues_["name"])
        found = []
        for kind, theme, group in self._groups(mentions):
            found += self._search(mentions, rows, kind, theme, group)
        if found:
            self.issues_ = pd.concat(
                [self.issues_, pd.DataFrame(found, columns=list(ISSUE_COLUMNS))], ignore_index=True
            )
        self._add_general_issues(mentions)
        themes = self.issues_["theme"].astype(object)
        self.issues_["theme"] = themes.where(themes.notna(), None)
        self._settle()
        del self._table, self._taken
        return self

    def predict(self, mentions: pd.DataFrame, vectors: np.ndarray) -> pd.DataFrame:
        """issue_id, issue_score and issue_reason of each mention.

        A mention that was learned from is of the issue it was put into. Of another, the learned
        mentions most like it say where it belongs, if it is as typical of that issue as nine in
        ten of them are; else it is of its theme's general issue, whose score is the theme's. Where there
        is none, the issue is null and the reason says why: ``too_rare`` or ``too_vague``. Other scores
        are the share of the votes, 0..1.
        """
        ids = np.full(len(mentions), None, dtype=object)
        scores = np.full(len(mentions), np.nan)
        rows = self.space_.transform(mentions["text"], vectors)
        general = {(i.kind, i.theme): i.issue_id for i in self.issues_.itertuples() if i.general}
        for kind, theme, group in self._groups(mentions):
            said, share = self._voted(mentions, rows, kind, theme, group)
            fallback = general.get((kind, theme))
            none = np.array([s is None for s in said], bool)
            said[none] = fallback
            ids[group] = said
            own = mentions["theme_score"].to_numpy(float)[group] if theme else np.nan
            scores[group] = np.where(none, own if fallback else np.nan, share)
        reasons = np.where([i is not None for i in ids], None, TOO_RARE).astype(object)
        vague = ~self._telling(mentions) & np.array([i is None for i in ids], bool)
        reasons[vague] = TOO_VAGUE
        return pd.DataFrame(
            {"issue_id": ids, "issue_score": scores, "issue_reason": reasons}, index=mentions.index
        )

    def recall(
        self,
        mentions: pd.DataFrame,
        vectors: np.ndarray,
        known: pd.DataFrame,
        learned: pd.DataFrame,
        learned_vectors: np.ndarray,
    ) -> IssueMiner:
        """As `fit`, but without a search for new issues."""
        self._recalled(mentions, vectors, known, learned, learned_vectors)
        return self

    def _recalled(
        self,
        mentions: pd.DataFrame,
        vectors: np.ndarray,
        known: pd.DataFrame | None,
        learned: pd.DataFrame | None,
        learned_vectors: np.ndarray | None,
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Take up what is known; the mentions in an order of their own, and their rows in the space."""
        order = np.lexsort([mentions["feedback_id"].to_numpy(str), mentions["text"].to_numpy(str)])
        mentions, vectors = mentions.iloc[order].reset_index(drop=True), vectors[order]
        self._start(known, learned)
        texts = [mentions["text"]] if learned is None else [mentions["text"], learned["text"]]
        self.space_ = MentionSpace().fit(pd.concat(texts, ignore_index=True))
        rows = self.space_.transform(mentions["text"], vectors)
        self._rows = np.zeros((0, rows.shape[1]), np.float32)
        if learned is not None and learned_vectors is not None and len(learned):
            self._rows = self.space_.transform(learned["text"], learned_vectors)
        self._learn_strangers(rows)
        self._settle()
        return mentions, rows

    def _start(self, known: pd.DataFrame | None, learned: pd.DataFrame | None) -> None:
        columns = list(ISSUE_COLUMNS)
        self.issues_ = pd.DataFrame(columns=columns) if known is None else known[columns].copy()
        self.issues_ = self.issues_.reset_index(drop=True)
        self.members_ = pd.DataFrame(columns=["issue_id", "kind", "theme", "text"])
        if learned is not None:
            self.members_ = learned[self.members_.columns].reset_index(drop=True)
        self._new_status = "known" if known is None else "emerging"

    def _learn_strangers(self, rows: np.ndarray) -> None:
        """How alike two mentions of this data are that have nothing to do with each other."""
        self.strangers_ = self._seldom_passed(rows, rows)

    def _seldom_passed(self, some: np.ndarray, others: np.ndarray) -> float:
        """What the likeness of one of some rows and one of others seldom passes."""
        if not len(some) or not len(others):
            return 1.0
        rng = np.random.default_rng(self.seed)
        a, b = rng.integers(0, len(some), _PAIRS), rng.integers(0, len(others), _PAIRS)
        different = a != b if some is others else np.ones(_PAIRS, bool)
        likeness = np.einsum("ij,ij->i", some[a[different]], others[b[different]])
        return float(np.quantile(likeness, _STRANGERS)) if len(likeness) else 1.0

    def _holds_together(self, members: np.ndarray, others: np.ndarray) -> bool:
        """Whether a group's mentions are more alike than they seldom are with the others."""
        alike = float((members @ unit(members.mean(axis=0))).mean()) ** 2  # of two members, on average
        least = self.strangers_
        if len(others) >= self.min_feedback:
            least = max(least, self._seldom_passed(members, others))
        return alike >= least

    def _settle(self) -> None:
        """Indexes over what is learned: whose it is, what is remembered, how typical it is."""
        self._place = {i: n for n, i in enumerate(self.issues_["issue_id"])}
        self._of = np.array([self._place.get(i, -1) for i in self.members_["issue_id"]], int)
        anywhere = set(self.issues_.loc[self.issues_["anywhere"].astype(bool), "issue_id"])
        self._memory = {
            (
                m.kind,
                _ANY if m.issue_id in anywhere else m.theme or "",
                text_key(m.text),
            ): m.issue_id
            for m in self.members_.itertuples()
        }
        self.least_ = np.full(len(self.issues_), self.strangers_)
        for issue in range(len(self.issues_)):
            mine = self._rows[self._of == issue]
            if len(mine) >= self.min_feedback:
                typical = mine @ unit(mine.mean(axis=0))
                least = float(np.quantile(typical, _TYPICAL)) - _ROUNDING
                self.least_[issue] = max(self.strangers_, least)
        self._centres = np.zeros((len(self.issues_), self._rows.shape[1]), np.float32)
        for issue in set(self._of[self._of >= 0]):
            self._centres[issue] = unit(self._rows[self._of == issue].mean(axis=0))

    def _candidates(self, kind: str, theme: str | None) -> np.ndarray:
        """Places among the members of those that may vote on mentions of a kind and theme."""
        if not len(self.members_):
            return np.zeros(0, int)
        issues = self.issues_.iloc[np.maximum(self._of, 0)]
        same = (issues["kind"] == kind).to_numpy() & ~issues["general"].to_numpy(bool)
        of_theme = issues["theme"].fillna("").to_numpy() == (theme or "")
        return np.flatnonzero(
            (self._of >= 0) & same & (of_theme | issues["anywhere"].to_numpy(bool))
        )

    def _voted(
        self,
        mentions: pd.DataFrame,
        rows: np.ndarray,
        kind: str,
        theme: str | None,
        group: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Issue ids (null: none fits) and shares of the votes for the mentions of a group."""
        said = np.full(len(group), None, dtype=object)
        share = np.full(len(group), np.nan)
        voters = self._candidates(kind, theme)
        if len(voters) and len(group):
            k = min(_VOTERS, len(voters))
            near, likeness = nearest(rows[group], self._rows[voters], k)
            of = self._of[voters][near]
            weight = np.clip(likeness, 0, 1) ** 2
            issues, at = np.unique(of, return_inverse=True)
            votes = np.zeros((len(group), len(issues)), np.float32)
            np.add.at(votes, (np.arange(len(group))[:, None], at.reshape(of.shape)), weight)
            best = votes.argmax(axis=1)
            won = issues[best]
            typical = np.einsum("ij,ij->i", rows[group], self._centres[won])
            fits = typical >= self.least_[won]
            said[fits] = self.issues_["issue_id"].to_numpy(object)[won[fits]]
            total = np.maximum(votes.sum(axis=1), 1e-9)
            share[fits] = (votes[np.arange(len(group)), best] / total)[fits]
        for n, text in enumerate(mentions["text"].to_numpy()[group]):
            key = text_key(text)
            remembered = self._memory.get((kind, theme or "", key)) or self._memory.get(
                (kind, _ANY, key)
            )
            if remembered is not None:
                said[n] = remembered
                share[n] = share[n] if share[n] == share[n] else 1.0
        return said, share

    def _search(
        self,
        mentions: pd.DataFrame,
        rows: np.ndarray,
        kind: str,
        theme: str | None,
        group: np.ndarray,
    ) -> list[tuple]:
        """New issues among the mentions of a group that fit none which is known."""
        said, _ = self._voted(mentions, rows, kind, theme, group)
        pool = group[
            np.array([s is None for s in said], bool) & self._telling(mentions.iloc[group])
        ]
        if len(pool) < self.min_feedback:
            return []
        keys = np.array([text_key(t) for t in mentions["text"].to_numpy()[pool]], dtype=object)
        _, first, copy_of = np.unique(keys.astype(str), return_index=True, return_inverse=True)
        different = self._sampled(np.arange(len(first)))
        labels = np.full(len(first), -1)
        labels[different] = communities(rows[pool[first[different]]], self.detail)
        label_of, owners = labels[copy_of], mentions["feedback_id"].to_numpy()
        groups = [pool[label_of == k] for k in range(labels.max() + 1)]
        groups = [g for g in groups if len(set(owners[g])) >= self.min_feedback]
        groups.sort(key=lambda g: (-len(set(owners[g])), int(g[0])))
        found = []
        for members in groups:
            others = np.setdiff1d(pool, members, assume_unique=True)
            if not self._holds_together(rows[members], rows[others]):
                continue
            typical = rows[members] @ unit(rows[members].mean(axis=0))
            central = members[np.argsort(-typical, kind="stable")]
            texts = list(dict.fromkeys(mentions["text"].to_numpy()[central]))
            name = self._table.name(texts, self._taken)
            if name is None:
                continue
            self._taken.add(name)
            terms = self._table.terms(texts)
            key = issue_id(kind, theme, name)
            found.append((key, theme, kind, name, definition(kind, theme, name, terms), terms,
                          self._new_status, False, False, []))  # fmt: skip
            self._remember(key, kind, theme, mentions, rows, members)
        return found

    def _remember(
        self,
        key: str,
        kind: str,
        theme: str | None,
        mentions: pd.DataFrame,
        rows: np.ndarray,
        members: np.ndarray,
    ) -> None:
        """The different mentions that an issue is learned on."""
        kept = mentions.iloc[members].drop_duplicates("text")
        frame = pd.DataFrame({"issue_id": key, "kind": kind, "theme": theme, "text": kept["text"]})
        self.members_ = pd.concat([self.members_, frame], ignore_index=True)
        self._rows = np.vstack([self._rows, rows[kept.index.to_numpy()]])

    def _add_general_issues(self, mentions: pd.DataFrame) -> None:
        """One issue per theme that is spoken of, for what is said of it and of nothing particular."""
        known = {(i.kind, i.theme) for i in self.issues_.itertuples() if i.general}
        found = []
        for kind, theme, _ in self._groups(mentions):
            if theme and (kind, theme) not in known:
                name = general_name(theme)
                found.append((issue_id(kind, theme, name), theme, kind, name, general_definition(kind, theme),
                              [], "known", True, False, []))  # fmt: skip
        if found:
            frame = pd.DataFrame(found, columns=list(ISSUE_COLUMNS))
            self.issues_ = pd.concat([self.issues_, frame], ignore_index=True)

    def _telling(self, mentions: pd.DataFrame) -> np.ndarray:
        """Whether a mention says anything: holds a word of content."""
        return np.array([bool(content_words(t)) for t in mentions["text"]], bool)

    def _themes(self, mentions: pd.DataFrame) -> np.ndarray:
        if not self.within_themes:
            return np.full(len(mentions), "", dtype=object)
        return known_theme(mentions, self.theme_threshold or {}).fillna("").to_numpy(object)

    def _groups(self, mentions: pd.DataFrame) -> Iterator[tuple[str, str | None, np.ndarray]]:
        """(kind, theme or null, row positions) in a fixed order."""
        themes = self._themes(mentions)
        kinds = mentions["kind"].to_numpy()
        for kind in _KINDS:
            of_kind = kinds == kind
            for theme in sorted(set(themes[of_kind])):
                yield kind, theme or None, np.flatnonzero(of_kind & (themes == theme))

    def _sampled(self, rows: np.ndarray) -> np.ndarray:
        if len(rows) <= self.sample:
            return rows
        rng = np.random.default_rng(self.seed)
        return np.sort(rng.choice(rows, self.sample, replace=False))


def text_key(text: str) -> str:
    """A mention's text as it is remembered: lower-cased, its white space and last marks trimmed."""
    return " ".join(text.lower().split()).strip(" .,!?;:")


def known_theme(mentions: pd.DataFrame, threshold: dict[str, float]) -> pd.Series:
    """The theme of each mention, null where its score is below its kind's threshold."""
    least = mentions["kind"].map(threshold).astype(float).fillna(0.0)
    return mentions["theme"].where(mentions["theme_score"].astype(float) >= least, None)


def issue_id(kind: str, theme: str | None, name: str) -> str:
    """The id of an issue: the same kind, theme and name give the same id in every run."""
    return "i-" + sha256(f"{kind}\x1f{theme or ''}\x1f{name}".encode()).hexdigest()[:10]


def general_name(theme: str) -> str:
    """The name of what is said of a theme and of nothing particular in it.

    >>> general_name("late-delivery")
    'late delivery in general'
    """
    return f"{theme_title(theme).lower()} in general"


def general_definition(kind: str, theme: str) -> str:
    """One line on a theme's general issue."""
    known = load_themes().get(theme)
    verb = "complain" if kind == "pain" else "praise"
    told = known.definition if known else f"{theme_title(theme)}: customers {verb} of it"
    return f"{told}; here in no particular way that recurs"


def definition(kind: str, theme: str | None, name: str, terms: list[str]) -> str:
    """One line on what an issue is: its theme, what is particular in it, and the words that tell it."""
    said = "complain of" if kind == "pain" else "praise"
    told = f", told by the words {', '.join(terms)}" if terms else ""
    under = f"{theme_title(theme)}: " if theme else ""
    return f"{under}customers {said} '{name}'{told}"
