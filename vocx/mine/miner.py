"""Issues: recurring problems and praises, found inside each theme and outside them all.

What recurs in every trade has a theme, and what is particular to this data is found as groups inside
it; mentions of a theme that are in no such group are its general issue. Issues that a codebook knows
already keep their mentions, and only what fits none of them is searched for new ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from vocx.mine.groups import communities, nearest
from vocx.mine.names import HEARD, Candidate, StemTable, Taken, stems_of
from vocx.mine.phrases import key_of
from vocx.mine.space import MentionSpace, evenly, unit
from vocx.mine.words import content_words
from vocx.themes import load_themes, theme_title

ISSUE_COLUMNS = ("issue_id", "theme", "kind", "name", "definition", "terms", "status", "general", "anywhere", "parents")  # fmt: skip
TOO_RARE, TOO_VAGUE = "too_rare", "too_vague"  # why a mention is of no issue
_VOTERS = 10  # learned mentions that say where another belongs
_PAIRS = 2_000  # of mentions drawn to learn how alike strangers are
_STRANGERS = 0.85  # an issue's mentions are more alike than this share of strangers
_TOLD = 0.98  # and one that is placed later is more like them than this share
_FEW = 6  # examples that say where an issue of a codeframe is, but not how far it reaches
_BLOCK = 4096  # mentions placed at once
_CHUNK = 50_000  # and brought into the space at once
_COUNTED = 100_000  # mentions whose words are counted for names, of more
_TYPICAL = 0.1  # share of an issue's own mentions that are less typical than others must be
_ROUNDING = 1e-5  # by which a likeness may differ from run to run
_MEMBERS = ["issue_id", "kind", "theme", "text"]
_KINDS = ("pain", "win")
_ANY = "*"  # theme of what is remembered of issues that take mentions of every theme


class _Bar(NamedTuple):
    """What a group must be to be an issue."""

    detail: float  # times what is asked for
    strangers: float  # share of likenesses to others that its own pass
    named_by: float  # share of its mentions that hold its name's words
    at_any_rate: bool  # whether a poorer name will do


# Inside a theme, what is no issue is still counted in general. What no theme holds is a mixture, of which
# only what is tight and plainly named can be trusted. Without themes all must be placed.
_STRICT = _Bar(1.0, _STRANGERS, 0.2, at_any_rate=False)
_LEFT_OVER = _Bar(4.0, 0.97, 0.3, at_any_rate=False)
_FREE = _Bar(1.0, _STRANGERS, 0.1, at_any_rate=True)


class Reader(Protocol):
    """Says what a phrase is, read alone."""

    def reads_as(self, phrases: list[str], kind: str, theme: str | None) -> np.ndarray:
        """(n,) how surely each is a mention of a kind and a theme (null: of any), 0..1."""
        ...

    def vectors(self, phrases: list[str], kind: str) -> np.ndarray:
        """(n, d) unit vectors, as mentions of the kind have them."""
        ...


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
    reader : reads the phrases that may be names; without one, a name is what most tells a group apart.

    Attributes
    ----------
    issues_ : one row per issue: issue_id, theme, kind, name, definition, terms, status (known, emerging,
        hidden), general (of its theme), anywhere (takes mentions of every theme), parents.
    members_ : the mentions that each issue was learned on: issue_id, kind, theme, text.
    """

    def __init__(
        self,
        min_feedback: int = 3,
        detail: float = 4.25,
        sample: int = 30_000,
        within_themes: bool = True,
        theme_threshold: dict[str, float] | None = None,
        seed: int = 0,
        reader: Reader | None = None,
    ):
        self.min_feedback = min_feedback
        self.detail = detail
        self.sample = sample
        self.within_themes = within_themes
        self.theme_threshold = theme_threshold
        self.seed = seed
        self.reader = reader

    issues_: pd.DataFrame
    members_: pd.DataFrame

    def fit(
        self,
        mentions: pd.DataFrame,
        vectors: np.ndarray,
        known: pd.DataFrame | None = None,
        learned: pd.DataFrame | None = None,
        learned_vectors: np.ndarray | None = None,
        seen: pd.DataFrame | None = None,
    ) -> IssueMiner:
        """Learn issues from mentions (feedback_id, text, kind, theme, theme_score) and unit vectors.

        ``known`` are issues of a codebook (as ``issues_``), ``learned`` mentions of theirs (as
        ``members_``), with unit vectors. ``seen`` are mentions that a run has seen and put into no
        particular issue: they stay where they are, and make no new issue unless others join them. The
        order of mentions makes no difference.
        """
        self._seen = {} if seen is None else _remembered(seen)
        mentions, rows = self._recalled(mentions, vectors, known, learned, learned_vectors)
        self._table = StemTable(evenly(mentions["text"], _COUNTED))
        self._taken = Taken(self.issues_["name"])
        self._learned: list[tuple[str, str, str | None, np.ndarray]] = []
        found: list[tuple] = []
        for kind, theme, group in self._groups(mentions):
            found += self._search(mentions, rows, kind, theme, group)
        if found:
            self.issues_ = pd.concat(
                [self.issues_, pd.DataFrame(found, columns=list(ISSUE_COLUMNS))], ignore_index=True
            )
        self._add_general_issues(mentions)
        themes = self.issues_["theme"].astype(object)
        self.issues_["theme"] = themes.where(themes.notna(), None)
        self._join_learned(mentions, rows)
        self._settle()
        del self._table, self._taken, self._learned
        return self

    def predict(self, mentions: pd.DataFrame, vectors: np.ndarray) -> pd.DataFrame:
        """issue_id, issue_score and issue_reason of each mention.

        A mention that was learned from is of the issue it was put into. Of another, the learned
        mentions most like it say where it belongs, if it is as typical of that issue, and as near to one
        of its mentions, as nine in ten of them are; else it is of its theme's general issue, whose score
        is the theme's. Where there is none, the issue is null and the reason says why: ``too_rare`` or
        ``too_vague``. Other scores are the likeness to the middle of the issue, 0..1.
        """
        parts = [
            self._predicted(mentions.iloc[low : low + _CHUNK], vectors[low : low + _CHUNK])
            for low in range(0, len(mentions), _CHUNK)
        ]
        return pd.concat(parts) if parts else self._predicted(mentions, vectors)

    def _predicted(self, mentions: pd.DataFrame, vectors: np.ndarray) -> pd.DataFrame:
        ids = np.full(len(mentions), None, dtype=object)
        scores = np.full(len(mentions), np.nan)
        rows = self.space_.transform(mentions["text"], vectors)
        general = {(i.kind, i.theme): i.issue_id for i in self.issues_.itertuples() if i.general}
        for kind, theme, group in self._groups(mentions):
            said, typical = self._placed(mentions, rows, kind, theme, group)
            fallback = general.get((kind, theme))
            none = np.array([s is None or s == fallback for s in said], bool)
            said[none] = fallback
            ids[group] = said
            own = mentions["theme_score"].to_numpy(float)[group] if theme else np.nan
            scores[group] = np.where(none, own if fallback else np.nan, typical)
        reasons = np.array([None if i is not None else TOO_RARE for i in ids], dtype=object)
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
        self._seen = {}
        self._recalled(mentions, vectors, known, learned, learned_vectors)
        return self

    def unplaced(self, mentions: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
        """The different mentions that `predict` put into no particular issue (as ``members_``)."""
        general = set(self.issues_.loc[self.issues_["general"].astype(bool), "issue_id"])
        rest = (found["issue_id"].isna() | found["issue_id"].isin(general)).to_numpy()
        frame = mentions.loc[rest, ["kind", "text"]].assign(
            issue_id=found.loc[rest, "issue_id"].fillna(""), theme=self._themes(mentions)[rest]
        )
        frame["theme"] = frame["theme"].where(frame["theme"] != "", None)
        return frame[_MEMBERS].drop_duplicates()

    def _recalled(
        self,
        mentions: pd.DataFrame,
        vectors: np.ndarray,
        known: pd.DataFrame | None,
        learned: pd.DataFrame | None,
        learned_vectors: np.ndarray | None,
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Take up what is known; the mentions in an order of their own, and their rows in the space."""
        place = mentions[["text", "feedback_id"]].reset_index(drop=True)
        order = place.sort_values(["text", "feedback_id"], kind="stable").index.to_numpy()
        mentions, vectors = mentions.iloc[order].reset_index(drop=True), vectors[order]
        self._start(known, learned)
        texts = [mentions["text"]] if learned is None else [mentions["text"], learned["text"]]
        self.space_ = MentionSpace().fit(pd.concat(texts, ignore_index=True), vectors)
        rows = self.space_.transform(mentions["text"], vectors)
        self._rows = np.zeros((0, rows.shape[1]), np.float32)
        if learned is not None and learned_vectors is not None and len(learned):
            self._rows = self.space_.transform(learned["text"], learned_vectors)
        self._learn_strangers(rows)
        self._settle()
        return mentions, rows

    def _start(self, known: pd.DataFrame | None, learned: pd.DataFrame | None) -> None:
        columns = list(ISSUE_COLUMNS)
        before = pd.DataFrame(columns=columns) if known is None else known[columns]
        self.issues_ = before.reset_index(drop=True)
        self.members_ = pd.DataFrame(columns=_MEMBERS)
        if learned is not None:
            self.members_ = learned[self.members_.columns].reset_index(drop=True)
        self._new_status = "known" if known is None else "emerging"

    def _learn_strangers(self, rows: np.ndarray) -> None:
        """How alike two mentions of this data are that have nothing to do with each other."""
        every = np.arange(len(rows))
        self.strangers_ = self._seldom_passed(rows, every, every, _STRANGERS)
        self.told_ = self._seldom_passed(rows, every, every, _TOLD)

    def _seldom_passed(
        self, rows: np.ndarray, some: np.ndarray, others: np.ndarray, share: float
    ) -> float:
        """The likeness that a share of pairs stay below, one of some rows and one of others (places)."""
        if not len(some) or not len(others):
            return 1.0
        rng = np.random.default_rng(self.seed)
        a = some[rng.integers(0, len(some), _PAIRS)]
        b = others[rng.integers(0, len(others), _PAIRS)]
        likeness = np.einsum("ij,ij->i", rows[a[a != b]], rows[b[a != b]])
        return float(np.quantile(likeness, share)) if len(likeness) else 1.0

    def _holds_together(
        self, rows: np.ndarray, members: np.ndarray, others: np.ndarray, share: float
    ) -> bool:
        """Whether a group's mentions are more alike than they seldom are with the others (places)."""
        mine = rows[members]
        alike = float((mine @ unit(mine.mean(axis=0))).mean()) ** 2  # of two members, on average
        least = self.strangers_
        if len(others) >= self.min_feedback:
            least = max(least, self._seldom_passed(rows, members, others, share))
        return alike >= least

    def _settle(self) -> None:
        """Indexes over what is learned: whose it is, what is remembered, how typical it is."""
        self._place = {i: n for n, i in enumerate(self.issues_["issue_id"])}
        self._of = np.array([self._place.get(i, -1) for i in self.members_["issue_id"]], int)
        self._memory = dict(self._seen)
        anywhere = set(self.issues_.loc[self.issues_["anywhere"].astype(bool), "issue_id"])
        self._memory |= _remembered(self.members_, anywhere)
        self._centres = np.zeros((len(self.issues_), self._rows.shape[1]), np.float32)
        self.least_ = np.full(len(self.issues_), 1.0)
        self.near_ = np.full(len(self.issues_), 1.0)
        for issue in set(self._of[self._of >= 0]):
            mine = self._rows[self._of == issue]
            self._centres[issue] = unit(mine.mean(axis=0))
            self.least_[issue] = self.near_[issue] = self.told_
            by_example = self.issues_["anywhere"].iloc[issue] and len(mine) <= _FEW
            if len(mine) > 1 and not by_example:
                typical, near = _without_oneself(mine)
                least = np.quantile(typical, _TYPICAL), np.quantile(near, _TYPICAL)
                self.least_[issue], self.near_[issue] = np.maximum(least, self.told_) - _ROUNDING

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

    def _placed(
        self,
        mentions: pd.DataFrame,
        rows: np.ndarray,
        kind: str,
        theme: str | None,
        group: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Issue ids (null: none fits) of the mentions of a group, and how typical of it they are."""
        texts = mentions["text"].to_numpy()[group]
        said = np.array([self._recollect(kind, theme or "", t) for t in texts], dtype=object)
        typical = np.full(len(group), np.nan)
        voters = self._candidates(kind, theme)
        if not len(group) or not len(voters):
            said[said == ""] = None
            return said, typical
        asked = np.flatnonzero([s is None for s in said])
        for start in range(0, len(asked), _BLOCK):
            block = asked[start : start + _BLOCK]
            won, near = self._voted(rows[group[block]], voters)
            likeness = np.einsum("ij,ij->i", rows[group[block]], self._centres[won])
            fits = (likeness >= self.least_[won]) & (near >= self.near_[won])
            said[block[fits]] = self.issues_["issue_id"].to_numpy(object)[won[fits]]
        said[said == ""] = None
        for n in np.flatnonzero([s is not None for s in said]):
            typical[n] = rows[group[n]] @ self._centres[self._place[said[n]]]
        return said, np.clip(typical, 0, 1)

    def _voted(self, rows: np.ndarray, voters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) places of the issues that the learned mentions most like each row are of.

        And (n,) likeness to the nearest mention of that issue.
        """
        near, likeness = nearest(rows, self._rows[voters], min(_VOTERS, len(voters)))
        of = self._of[voters][near]
        issues, at = np.unique(of, return_inverse=True)
        votes = np.zeros((len(rows), len(issues)), np.float32)
        weights = np.clip(likeness, 0, 1) ** 2
        np.add.at(votes, (np.arange(len(rows))[:, None], at.reshape(near.shape)), weights)
        won = issues[votes.argmax(axis=1)]
        return won, np.where(of == won[:, None], likeness, -1.0).max(axis=1)

    def _recollect(self, kind: str, theme: str, text: str) -> str | None:
        """The issue that a text was of before, empty for none; null for a new text."""
        key = text_key(text)
        of_theme = self._memory.get((kind, theme, key))
        return self._memory.get((kind, _ANY, key), of_theme) if of_theme is None else of_theme

    def _search(
        self,
        mentions: pd.DataFrame,
        rows: np.ndarray,
        kind: str,
        theme: str | None,
        group: np.ndarray,
    ) -> list[tuple]:
        """New issues among the mentions of a group that fit none which is known."""
        said, _ = self._placed(mentions, rows, kind, theme, group)
        free = np.array([s is None for s in said], bool) & self._telling(mentions.iloc[group])
        pool = group[free]
        if len(pool) < self.min_feedback:
            return []
        bar = (_STRICT if theme else _LEFT_OVER) if self.within_themes else _FREE
        texts, owners = mentions["text"].to_numpy(), mentions["feedback_id"].to_numpy()
        groups: list[tuple[np.ndarray, list[str]]] = []  # members, their texts: most central first
        for members in self._parts(mentions, rows, kind, theme, pool, bar):
            others = np.setdiff1d(pool, members, assume_unique=True)
            if self._holds_together(rows, members, others, bar.strangers):
                typical = rows[members] @ unit(rows[members].mean(axis=0))
                central = texts[members[np.argsort(-typical, kind="stable")]]
                groups.append((members, list(dict.fromkeys(central))))
        self._table.read(central for _, central in groups)
        found: list[tuple] = []
        for members, central, candidates in self._read_alone(groups, rows, kind, theme):
            name = self._table.name(
                central, self._taken, bar.named_by, bar.at_any_rate, candidates, kind == "pain"
            )
            if name is None:
                same = self._named(kind, theme, self._taken.that_fits(central), found)
                if same:  # what is told by the same words is the same issue
                    self._learned.append((same, kind, theme, members))
                continue
            if bar is _LEFT_OVER:
                members = self._trimmed(mentions, rows, members, name)
                if len(set(owners[members])) < self.min_feedback:
                    continue
            self._taken.add(name)
            terms = self._table.terms(central)
            key = issue_id(kind, theme, name)
            found.append((key, theme, kind, name, definition(kind, theme, name, terms), terms,
                          self._new_status, False, False, []))  # fmt: skip
            self._learned.append((key, kind, theme, members))
        return found

    def _read_alone(
        self,
        groups: list[tuple[np.ndarray, list[str]]],
        rows: np.ndarray,
        kind: str,
        theme: str | None,
    ) -> Iterator[tuple[np.ndarray, list[str], list[Candidate]]]:
        """Groups with the candidates for their names, which the reader, if there is one, has read."""
        listed = [self._table.candidates(central) for _, central in groups]
        texts = list(dict.fromkeys(c.text for cs in listed for c in cs[:HEARD]))
        if self.reader is None or not texts:
            yield from ((*g, cs) for g, cs in zip(groups, listed, strict=True))
            return
        reads = self.reader.reads_as(texts, kind, theme)
        lie = self.space_.transform(pd.Series(texts), self.reader.vectors(texts, kind))
        at = {t: i for i, t in enumerate(texts)}
        for (members, central), candidates in zip(groups, listed, strict=True):
            middle = unit(rows[members].mean(axis=0))
            usual = np.median(rows[members] @ middle)
            places = [at[c.text] for c in candidates[:HEARD]]
            near = np.clip(lie[places] @ middle / max(usual, 1e-9), 0, 1)
            read = zip(candidates, reads[places], near, strict=False)
            yield members, central, [c.read(float(r), float(n)) for c, r, n in read]

    def _parts(
        self,
        mentions: pd.DataFrame,
        rows: np.ndarray,
        kind: str,
        theme: str | None,
        pool: np.ndarray,
        bar: _Bar,
    ) -> list[np.ndarray]:
        """The communities of a pool that enough feedback speaks of, the largest first."""
        keys = [text_key(t) for t in mentions["text"].to_numpy()[pool]]
        copy_of = pd.factorize(np.array(keys, dtype=object))[0]
        first = np.unique(copy_of, return_index=True)[1]
        different = self._sampled(np.arange(len(first)))
        labels = np.full(len(first), -1)
        labels[different] = communities(rows[pool[first[different]]], self.detail * bar.detail)
        new = np.array([(kind, theme or "", k) not in self._seen for k in keys], bool)
        owners = mentions["feedback_id"].to_numpy()
        frame = pd.DataFrame({"label": labels[copy_of], "member": pool, "owner": owners[pool]})
        frame = frame[frame["label"] >= 0]
        enough = frame[new[frame.index]].groupby("label")["owner"].nunique() >= self.min_feedback
        frame = frame[frame["label"].isin(enough.index[enough])]
        parts = [(g["owner"].nunique(), g["member"].to_numpy()) for _, g in frame.groupby("label")]
        return [members for _, members in sorted(parts, key=lambda p: (-p[0], int(p[1][0])))]

    def _trimmed(
        self, mentions: pd.DataFrame, rows: np.ndarray, members: np.ndarray, name: str
    ) -> np.ndarray:
        """The mentions of a group that say its name, or are plainly like the others."""
        typical = _without_oneself(rows[members])[0]
        key = key_of(name.split())
        says_it = [key <= stems_of(t) for t in mentions["text"].to_numpy()[members]]
        return members[np.array(says_it, bool) | (typical >= self.told_)]

    def _named(
        self, kind: str, theme: str | None, name: str | None, found: list[tuple]
    ) -> str | None:
        """The id of the issue of a name, if it is of this kind and theme."""
        table = pd.DataFrame(found, columns=list(ISSUE_COLUMNS))
        every = pd.concat([self.issues_, table]) if found else self.issues_
        same = every[(every["name"] == name) & (every["kind"] == kind)]
        same = same[same["theme"].fillna("") == (theme or "")]
        return None if same.empty else str(same["issue_id"].iloc[0])

    def _join_learned(self, mentions: pd.DataFrame, rows: np.ndarray) -> None:
        """Add the different mentions that new issues were found among to what is learned."""
        texts = mentions["text"].to_numpy()
        new: list[tuple[str, str, str | None, str]] = []
        places: list[int] = []
        for key, kind, theme, members in self._learned:
            kept = dict(
                zip(texts[members[::-1]], members[::-1], strict=True)
            )  # the first of each text
            new += [(key, kind, theme, text) for text in reversed(kept)]
            places += reversed(kept.values())
        frame = pd.DataFrame(new, columns=_MEMBERS)
        self.members_ = (
            pd.concat([self.members_, frame], ignore_index=True) if new else self.members_
        )
        self._rows = np.vstack([self._rows, rows[places]]) if places else self._rows

    def _add_general_issues(self, mentions: pd.DataFrame) -> None:
        """One issue per theme that is spoken of, for what is said of it and of nothing particular."""
        known = {(i.kind, i.theme) for i in self.issues_.itertuples() if i.general}
        found: list[tuple] = []
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


def _without_oneself(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) likeness of each row to the middle of the others, and to the nearest of them."""
    total = rows.sum(axis=0)
    typical = np.einsum("ij,ij->i", rows, unit(total - rows))
    few = rows[:_BLOCK] if len(rows) > _BLOCK else rows
    likeness = few @ few.T
    np.fill_diagonal(likeness, -1.0)
    return typical, likeness.max(axis=1)


def _remembered(
    mentions: pd.DataFrame, anywhere: set[str] | None = None
) -> dict[tuple[str, str, str], str]:
    """Issue ids by kind, theme and text."""
    return {
        (m.kind, _ANY if anywhere and m.issue_id in anywhere else m.theme or "", text_key(m.text)): m.issue_id
        for m in mentions.itertuples()
    }  # fmt: skip


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
