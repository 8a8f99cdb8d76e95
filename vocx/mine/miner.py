"""Issues: recurring problems and praises, found inside each theme and outside them all.

What recurs in every trade has a theme, and what is particular to this data is found as groups inside
it; mentions of a theme that say something, but are in no such group, are its general issue.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.cluster import AgglomerativeClustering
from sklearn.feature_extraction.text import TfidfVectorizer

from vocx.mine.names import PhraseTable, content_stems, content_words
from vocx.schema import ISSUES
from vocx.themes import load_themes, theme_title

_N_EXAMPLES = 5
_LEAST_WORDS = 2  # of content, in a mention that no theme holds
_ROUNDING = 1e-6  # by which a likeness may differ from run to run
_OUTSIDE = 0.85  # of the distance, for mentions that no theme holds


class IssueMiner(BaseEstimator):
    """Groups mentions into issues by average linkage of their vectors' cosine distance.

    Parameters
    ----------
    min_feedback : distinct feedback an issue needs.
    distance : mean distance at which two groups stay apart, 0..1 (see `Likeness`).
    sample : mentions per theme that the issues are learned on; all are assigned afterwards.
    theme_threshold : a theme whose score is below it does not count as known.
    seed : of the sample.

    Attributes
    ----------
    issues_ : one row per issue: issue_id, theme, kind, name, definition, terms, and whether it is
        the general one of its theme.
    likeness_ : how alike two mentions are; centroids_ : (n_issues, width) mean rows in its space;
    least_ : (n_issues,) likeness to the centroid of the least typical mention it was learned on, which
    others must reach too, so that a small group of short clauses does not swallow a thousand; -1 of a
    general issue, which takes what is left.
    """

    def __init__(
        self,
        min_feedback: int = 3,
        distance: float = 0.75,
        sample: int = 1500,
        theme_threshold: dict[str, float] | None = None,
        seed: int = 0,
    ):
        self.min_feedback = min_feedback
        self.distance = distance
        self.sample = sample
        self.theme_threshold = theme_threshold
        self.seed = seed

    def fit(self, mentions: pd.DataFrame, vectors: np.ndarray) -> IssueMiner:
        """Learn issues from mentions (feedback_id, text, kind, theme, theme_score) and unit vectors."""
        table = PhraseTable(mentions["text"])
        self.likeness_ = Likeness().fit(mentions["text"])
        space = self.likeness_.transform(mentions["text"], vectors)
        taken = {general_name(t) for t in mentions["theme"].dropna().unique()}
        owners = mentions["feedback_id"].to_numpy()
        found, centroids, least = [], [], []
        for kind, theme, rows in self._groups(mentions):
            sampled = rest = self._sampled(rows)
            for members in self._clusters(owners, space, sampled, self._reach(theme)):
                texts = mentions["text"].iloc[members].tolist()
                name = table.name(texts, taken)
                if name is None:
                    continue
                taken.add(name)
                terms = table.terms(texts)
                found.append((issue_id(kind, theme, name), theme, kind, name,
                              definition(kind, theme, terms), terms, False))  # fmt: skip
                centroids.append(_middle(space[members]))
                typical = float((space[members] @ centroids[-1]).min())
                least.append(max(1 - self._reach(theme), typical))
                rest = rest[space[rest] @ centroids[-1] < least[-1] - _ROUNDING]
            if theme and len(set(owners[rest])) >= self.min_feedback:
                name = general_name(theme)
                found.append((issue_id(kind, theme, name), theme, kind, name,
                              general_definition(kind, theme), [], True))  # fmt: skip
                centroids.append(_middle(space[rest]))
                least.append(-1.0)
        columns = ["issue_id", "theme", "kind", "name", "definition", "terms", "general"]
        self.issues_ = pd.DataFrame(found, columns=columns)
        self.least_ = np.array(least, np.float32)
        self.centroids_ = np.array(centroids, np.float32).reshape(len(found), space.shape[1])
        return self

    def predict(self, mentions: pd.DataFrame, vectors: np.ndarray) -> pd.DataFrame:
        """issue_id and issue_score of each mention.

        A mention that is near enough to none of its theme's particular issues is of the general one;
        where there is none, both are null. The score is the mean likeness to the issue's mentions, 0..1.
        """
        ids = np.full(len(mentions), None, dtype=object)
        scores = np.full(len(mentions), np.nan)
        space = self.likeness_.transform(mentions["text"], vectors)
        issues = {key: g.index.to_numpy() for key, g in self.issues_.groupby(
            [self.issues_["kind"], self.issues_["theme"].fillna("")])}  # fmt: skip
        for kind, theme, rows in self._groups(mentions):
            near = issues.get((kind, theme or ""))
            if near is None:
                continue
            likeness = space[rows] @ self.centroids_[near].T
            general = self.issues_["general"].to_numpy(bool)[near]
            close = likeness >= self.least_[near] - _ROUNDING
            best = np.where(close, likeness - 2.0 * general, -9.0).argmax(axis=1)
            close = close.any(axis=1)
            ids[rows[close]] = self.issues_["issue_id"].to_numpy()[near[best[close]]]
            score = likeness[np.arange(len(rows)), best]
            scores[rows[close]] = np.clip(score[close], 0, 1)
        return pd.DataFrame({"issue_id": ids, "issue_score": scores}, index=mentions.index)

    def _reach(self, theme: str | None) -> float:
        """The distance within a group; less where no theme already holds it together."""
        return self.distance if theme else self.distance * _OUTSIDE

    def _groups(self, mentions: pd.DataFrame) -> Iterator[tuple[str, str | None, np.ndarray]]:
        """(kind, theme or null, row positions) in a fixed order.

        Mentions too vague to be of an issue are in no group: those without a content word, and
        outside all themes those with one only ("not this again").
        """
        n_words = np.array([len(content_words(t)) for t in mentions["text"]], dtype=int)
        themes = known_theme(mentions, self.theme_threshold or {}).fillna("").to_numpy()
        kinds = mentions["kind"].to_numpy()
        for kind in ("pain", "win"):
            of_kind = kinds == kind
            for theme in sorted(set(themes[of_kind])):
                telling = n_words >= (1 if theme else _LEAST_WORDS)
                yield kind, theme or None, np.flatnonzero(of_kind & (themes == theme) & telling)

    def _sampled(self, rows: np.ndarray) -> np.ndarray:
        if len(rows) <= self.sample:
            return rows
        rng = np.random.default_rng(self.seed)
        return np.sort(rng.choice(rows, self.sample, replace=False))

    def _clusters(
        self, owners: np.ndarray, space: sparse.csr_matrix, rows: np.ndarray, reach: float
    ) -> list[np.ndarray]:
        """Row positions of each issue among ``rows``, the largest first."""
        if len(rows) < self.min_feedback:
            return []
        distances = np.clip(1 - (space[rows] @ space[rows].T).toarray(), 0, 2)
        np.fill_diagonal(distances, 0)
        model = AgglomerativeClustering(
            n_clusters=None, distance_threshold=reach, metric="precomputed", linkage="average"
        )
        labels = model.fit_predict(distances)
        groups = [rows[labels == k] for k in range(labels.max() + 1)]
        kept = [g for g in groups if len(set(owners[g])) >= self.min_feedback]
        return sorted(kept, key=lambda g: (-len(set(owners[g])), int(g[0])))


class Likeness(BaseEstimator):
    """How alike two mentions are: half the cosine of their vectors, half that of their words.

    Vectors know that "parcel" and "package" are one; words know that "ZipParcel" and "dowel" are
    matters of their own. Rows are scaled so that a plain product of two is their likeness, -1..1.

    Attributes
    ----------
    words_ : TF-IDF of content stems that at least two mentions use.
    """

    def __init__(self, share_of_words: float = 0.5):
        self.share_of_words = share_of_words

    def fit(self, texts: pd.Series) -> Likeness:
        """Learn the words of this data."""
        least = 2 if len(texts) > 20 else 1
        self.words_ = TfidfVectorizer(analyzer=content_stems, min_df=least, dtype=np.float32)
        try:
            self.words_.fit(texts)
        except ValueError:  # no word is used twice
            self.words_.fit(["nothing recurs"])
        return self

    def transform(self, texts: pd.Series, vectors: np.ndarray) -> sparse.csr_matrix:
        """(n,) texts and (n, dimensions) unit vectors to (n, width) rows."""
        a, b = np.sqrt(1 - self.share_of_words), np.sqrt(self.share_of_words)
        blocks = [sparse.csr_matrix(a * vectors), b * self.words_.transform(texts)]
        return sparse.hstack(blocks, format="csr", dtype=np.float32)


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


def definition(kind: str, theme: str | None, terms: list[str]) -> str:
    """One line on what an issue is: its theme's definition and the words that single it out."""
    known = load_themes().get(theme or "")
    verb = "complain" if kind == "pain" else "praise"
    told = f"told by the words {', '.join(terms)}" if terms else "in similar words"
    if known:
        return f"{known.definition}; here {told}"
    return f"{theme_title(theme)}: customers {verb} of the same matter, {told}"


def issue_table(
    issues: pd.DataFrame, segments: pd.DataFrame, feedback: pd.DataFrame, vectors: np.ndarray
) -> pd.DataFrame:
    """The issues table of a run: counts, polarity, severity, times and example quotes.

    ``vectors`` are the segments' unit vectors, row by row.
    """
    times = feedback.set_index("feedback_id")["created_at"]
    rows = []
    position = pd.Series(np.arange(len(segments)), index=segments.index)
    for issue in issues.itertuples():
        mine = segments[segments["issue_id"] == issue.issue_id]
        seen = times.loc[mine["feedback_id"].unique()].dropna()
        rows.append(
            {
                "issue_id": issue.issue_id,
                "theme": issue.theme,
                "name": issue.name,
                "kind": issue.kind,
                "definition": issue.definition,
                "terms": issue.terms,
                "n_feedback": mine["feedback_id"].nunique(),
                "n_segments": len(mine),
                "polarity": mine["polarity"].mean(),
                "severity": mine["severity"].mean(),
                "first_seen": seen.min() if len(seen) else pd.NaT,
                "last_seen": seen.max() if len(seen) else pd.NaT,
                "examples": examples(mine, vectors[position[mine.index].to_numpy()]),
                "parents": [],
            }
        )
    table = pd.DataFrame(rows, columns=ISSUES.names)
    table = table[table["n_feedback"] > 0]
    return table.sort_values(["n_feedback", "issue_id"], ascending=[False, True], ignore_index=True)


def examples(mentions: pd.DataFrame, vectors: np.ndarray) -> list[str]:
    """Segment ids of quotes that are central, readable, and of different customers."""
    if mentions.empty:
        return []
    likeness = vectors @ _unit(vectors.mean(axis=0))
    n_words = mentions["text"].str.count(r"\w+").to_numpy()
    readable = np.where((n_words >= 4) & (n_words <= 28), 0.0, 0.3)
    chosen: list[str] = []
    seen: set[str] = set()
    for i in np.argsort(-(likeness - readable), kind="stable"):
        row = mentions.iloc[int(i)]
        words = row["text"].lower().strip(" .!?")
        if row["feedback_id"] not in seen and words not in seen:
            chosen.append(row["segment_id"])
            seen |= {row["feedback_id"], words}
        if len(chosen) == _N_EXAMPLES:
            break
    return chosen


def _middle(rows: sparse.csr_matrix) -> np.ndarray:
    return np.asarray(rows.mean(axis=0)).ravel()


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9))
