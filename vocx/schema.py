"""The words and tables of vocx: labels, columns, units, ranges, and what null means.

Every table that a run writes is described here and nowhere else. Null means *not known*; in a column that names a cell of a counted table it means *all*.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

STAGES = (
    "need",
    "awareness",
    "research",
    "consideration",
    "purchase",
    "fulfilment",
    "use",
    "support",
    "retention",
    "advocacy",
)
TOUCHPOINTS = (
    "website",
    "mobile_app",
    "on_location",
    "contact_centre",
    "email",
    "chat",
    "social_media",
    "sms",
    "word_of_mouth",
    "review_site",
    "advertising",
    "delivery",
    "product",
    "billing",
    "self_service",
    "unspecified",
)
EMOTIONS = (
    "anger",
    "frustration",
    "disappointment",
    "sadness",
    "anxiety",
    "confusion",
    "disgust",
    "surprise",
    "gratitude",
    "joy",
    "satisfaction",
    "hope",
    "neutral",
)
KINDS = ("pain", "win", "none")
SOURCES = ("survey", "review", "transcript", "complaint", "social")
SENTIMENTS = ("very_negative", "negative", "neutral", "positive", "very_positive")
MIXED = "mixed"
BAND_CUTS = (-0.75, -0.25, 0.25, 0.75)  # polarity at which one band ends and the next begins


_text, _int, _float, _bool = pa.string(), pa.int32(), pa.float32(), pa.bool_()
_time = pa.timestamp("us", tz="UTC")
_turns = pa.list_(pa.struct([("speaker", _text), ("start", _int), ("end", _int), ("at", _time)]))

FEEDBACK = pa.schema(
    [
        ("feedback_id", _text),  # 16 hex digits, hash of source and source_id
        ("source", _text),  # one of SOURCES
        ("source_file", _text),  # its name; with folders where another has it too
        ("source_row", _int),  # 1 is the first data row of the file
        ("source_id", _text),  # the id column's value; without one, a digest of the row
        ("author_id", _text),  # pseudonym of the author column's value
        ("channel", _text),
        ("created_at", _time),
        (
            "language",
            _text,
        ),  # ISO 639-1: of the text where it can be told, else as the file gives it
        ("prompt", _text),  # the question that the text answers, of a survey with several
        ("text", _text),  # redacted
        ("turns", _turns),  # conversations only: who spoke which characters of text
        ("rating", _float),  # 0..1
        ("nps", _int),  # 0..10
        ("csat", _float),  # 0..1
        ("ces", _float),  # 0..1
        ("stage", _text),
        ("stage_score", _float),
        ("touchpoint", _text),
        ("touchpoint_score", _float),
        ("polarity", _float),  # -1..1
        ("sentiment", _text),  # one of SENTIMENTS, or mixed
        ("emotion", _text),
        ("emotion_score", _float),
        ("journey_stage", _text),  # by a journey of examples; null: none is, or no stage stands out
        ("journey_stage_score", _float),  # not calibrated: there are only a few examples
        (
            "polarity_start",
            _float,
        ),  # conversations: mean of the first third of the customer's clauses
        ("polarity_end", _float),  # ... and of the last third
        ("polarity_slope", _float),  # ... and of a line through all of them, from first to last
        ("pain_at", _float),  # conversations: where the gravest pain stands, 0 the start, 1 the end
        ("resolved", _bool),  # conversations: how it ends; null where nothing tells
        ("meaningful", _bool),  # false: "n/a", ".", nothing; then all labels are null
    ]
)
SEGMENTS = pa.schema(
    [
        ("segment_id", _text),  # feedback_id/seq
        ("feedback_id", _text),
        ("seq", _int),
        ("start", _int),  # characters in feedback.text
        ("end", _int),
        ("text", _text),
        ("speaker", _text),  # conversations only
        ("kind", _text),
        ("kind_score", _float),
        ("stage", _text),
        ("stage_score", _float),
        ("touchpoint", _text),
        ("touchpoint_score", _float),
        ("polarity", _float),
        ("emotion", _text),
        ("emotion_score", _float),
        ("severity", _int),  # 1..3, pains only
        ("theme", _text),  # mentions only
        ("theme_score", _float),
        ("issue_id", _text),  # null: of no issue; issue_reason says why
        ("issue_score", _float),
        ("issue_reason", _text),  # of a mention without an issue: too_rare, too_vague
        ("journey_stage", _text),  # mentions only, else as of feedback
        ("journey_stage_score", _float),
    ]
)
ISSUES = pa.schema(
    [
        ("issue_id", _text),
        ("theme", _text),  # null: found outside all themes
        ("name", _text),
        ("kind", _text),
        ("definition", _text),
        ("terms", pa.list_(_text)),
        ("n_feedback", _int),
        ("n_segments", _int),
        ("polarity", _float),
        ("severity", _float),
        ("emotion", _text),  # that most of its customers show
        ("first_seen", _time),
        ("last_seen", _time),
        ("examples", pa.list_(_text)),  # segment_id
        ("parents", pa.list_(_text)),  # issues that it was made of, by merging or splitting
        ("status", _text),  # known, emerging (new to the codebook that the run began with), hidden
        ("general", _bool),  # what is said of its theme and of nothing particular
        ("anywhere", _bool),  # takes mentions of every theme
    ]
)
MATRIX = pa.schema(
    [
        ("stage", _text),
        ("theme", _text),
        ("issue_id", _text),  # null: the row of the whole theme
        ("kind", _text),
        ("n_feedback", _int),  # distinct feedback
        ("share", _float),  # of all feedback of the group and period, 0..1
        ("share_low", _float),  # Wilson interval, 95 %
        ("share_high", _float),
        ("n_corrected", _float),  # for the model's known errors (vocx.confusion); null: not known
        ("n_corrected_low", _float),  # its 95 % interval
        ("n_corrected_high", _float),
        ("severity", _float),  # mean over the pains, 1..3
        ("polarity", _float),
        ("top_emotion", _text),
        (
            "impact",
            _float,
        ),  # points of the run's main score, adjusted (vocx.impact); null: not known
        ("impact_low", _float),
        ("impact_high", _float),
        ("group", _text),  # "column=value"; null: everybody
        ("period", _text),  # 2026-03, 2026-Q1 or 2026; null: the whole time
    ]
)
EFFECTS = pa.schema(
    [
        ("score", _text),  # nps, csat, ces, rating
        ("level", _text),  # theme, issue, theme_at_stage, issue_at_stage
        ("stage", _text),  # null: at any
        ("theme", _text),
        ("issue_id", _text),  # null: the whole theme
        ("kind", _text),
        ("n_scored", _int),  # feedback with this score
        ("n_told", _int),  # of them who tell of it
        ("share", _float),
        ("naive", _float),  # score of all less that of those who do not tell of it
        ("effect", _float),  # points a customer who tells of it scores above like customers
        ("effect_low", _float),
        ("effect_high", _float),
        ("impact", _float),  # effect x share: points of the score of all; below zero is lost
        ("impact_low", _float),
        ("impact_high", _float),
        ("p", _float),  # of no effect
        ("q", _float),  # false discovery rate over what stands at the same level and score
        ("rank", _int),  # by impact at its level and score; 1 costs most
        ("rank_low", _int),  # 95 % of the resamples
        ("rank_high", _int),
    ]
)
SCORES = pa.schema(
    [
        ("level", _text),  # all, stage, touchpoint
        ("name", _text),  # of the stage or touchpoint
        ("group", _text),  # as in the matrix
        ("period", _text),
        ("measure", _text),  # nps, csat, ces, rating, polarity, effort, emotion
        ("of", _text),  # the emotion
        ("n", _int),  # customers it is taken over
        (
            "value",
            _float,
        ),  # NPS -100..100; csat, ces 0..100; stars 1..5; polarity -1..1; shares 0..1
        ("low", _float),  # 95 % interval
        ("high", _float),
    ]
)
PATHS = pa.schema(
    [
        ("what", _text),  # step: from a stage to the next; before_leaving: a pain told of before
        ("from_stage", _text),
        ("to_stage", _text),
        ("theme", _text),  # before_leaving only
        ("n_persons", _int),  # who took the step, or told of the pain and left
        ("n_of", _int),  # persons who were at from_stage and went on; who told of the pain
        ("share", _float),
        ("share_low", _float),
        ("share_high", _float),
        ("polarity_change", _float),  # mean over the persons, -2..2; steps only
        ("across_sources", _int),  # persons whose step is from one source to another
        ("share_others", _float),  # who left of those who did not tell of it; before_leaving only
        ("p", _float),
        ("q", _float),
    ]
)
REJECTS = pa.schema(
    [
        ("source_file", _text),
        ("source_row", _int),
        ("reason", _text),
        ("text", _text),  # redacted, like all else
        ("merged_into", _text),  # feedback_id that says it already; null: rejected
    ]
)
TABLES = {
    "feedback": FEEDBACK,
    "segments": SEGMENTS,
    "issues": ISSUES,
    "matrix": MATRIX,
    "effects": EFFECTS,
    "scores": SCORES,
    "paths": PATHS,
    "rejects": REJECTS,
}
GROUP_PREFIX = "x_"


def conform(frame: pd.DataFrame, table: str) -> pa.Table:
    """A frame as the Arrow table that the schema fixes: every column, in order, of its type.

    Columns the frame lacks become null. Columns beyond the schema are dropped, but for the
    feedback's group columns (``x_*``), which are kept, sorted, as strings.
    """
    schema = TABLES[table]
    columns = []
    fields = list(schema)
    if table == "feedback":
        groups = sorted(c for c in frame.columns if str(c).startswith(GROUP_PREFIX))
        fields += [pa.field(c, _text) for c in groups]
    for field in fields:
        if field.name in frame.columns:
            values = frame[field.name]
            if field.name.startswith(GROUP_PREFIX):
                values = values.map(_as_text, na_action="ignore")
            columns.append(pa.Array.from_pandas(_plain(values, field.type), type=field.type))
        else:
            columns.append(pa.nulls(len(frame), field.type))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _as_text(value: object) -> str:
    """A group's value as text; a score of a team's own task with four digits."""
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _plain(values: pd.Series, kind: pa.DataType) -> pd.Series:
    """Values in the form Arrow converts: integers with gaps, objects with None for missing."""
    if pa.types.is_integer(kind):
        return values.astype("Float64").round().astype("Int64")
    if pa.types.is_string(kind):
        return values.astype(object).where(values.notna(), None)
    return values


def empty(table: str) -> pd.DataFrame:
    """An empty frame with the columns of a table."""
    return TABLES[table].empty_table().to_pandas()
