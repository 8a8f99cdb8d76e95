"""The model card: what trained the model, how well it does, and where not to trust it."""

from __future__ import annotations

from typing import Any

from jinja2 import Template

from vocx.config import TrainConfig
from vocx.models import ModelFolder

_SOURCES = {
    "reviews_rated": ("star-rated reviews of many trades", "mixed, mostly unclear (scraped)"),
    "semeval_2017": ("SemEval-2017 task 4 tweets", "unclear (research)"),
    "nhs_fft": ("NHS Friends and Family Test answers", "MIT repository, NHS England"),
    "reviews": ("star-rated reviews of many trades", "mixed, mostly unclear (scraped)"),
    "unrated": ("unrated reviews of many trades", "unclear (scraped)"),
    "app_reviews": ("app reviews", "CC0 (as the mirror says)"),
    "surveys": ("open-ended survey answers", "per row: CC0, MIT/Apache-2.0, CC BY 4.0, unclear"),
    "patients": ("NHS Friends and Family Test answers", "MIT repository, NHS England"),
    "complaints": ("CFPB complaint narratives", "public domain (US government)"),
    "tweets": ("SemEval-2017 task 4 tweets", "unclear (research)"),
    "chats": ("MultiDoGO customer turns", "CDLA-Permissive-1.0"),
    "dialogues": ("STAR task dialogues", "MIT"),
}

_CARD = Template(
    """\
# {{ name }}

Text to journey stage, touchpoint, polarity, emotion; and of each clause whether it is a pain or a
win, its stage, touchpoint, severity and theme. Static token vectors
({{ encoder.dimensions }} dimensions) and hashed word and character n-grams
({{ encoder.word_bins }} + {{ encoder.char_bins }} bins) under linear heads; served by NumPy, SciPy and
tokenizers. English. Weights are int8.

## Trained on
{{ n_feedback }} labelled comments with {{ n_mentions }} mentions.
{% if sources %}
| source | what | used for | licence |
|---|---|---|---|
| JourneyBench, train split, rows without NC licence | real comments, one coder's pass each | all heads | per row, none of them NC |
{% for s in sources -%}
| {{ s.name }} | {{ s.what }} | {{ s.use }} | {{ s.licence }} |
{% endfor -%}
| all-MiniLM-L6-v2 | sentence encoder | token vectors{% if teacher %}; fine-tuned, it labelled the unlabelled comments{% endif %} | Apache-2.0 |

Texts of the held-out sets were removed first, by digest. No text is in the weights' folder.
{% endif %}
{% if scores -%}
## Scores
On {{ scores.n }} comments that trained nothing (`vocx evaluate {{ name }} LABELS`). "Sure" is above the
head's threshold.

| task | n | accuracy (F1 where so named) | macro F1 | sure | accuracy when sure | calibration error |
|---|---|---|---|---|---|---|
{% for task, s in scores.tasks.items() -%}
| {{ task }} | {{ s.n }} | {{ f(s.accuracy) }} | {{ f(s.macro_f1) }} | {{ f(s.coverage) }} | {{ f(s.selective_accuracy) }} | {{ f(s.ece) }} |
{% endfor %}
{%- endif %}
## Calibration
Temperatures and thresholds come from out-of-fold predictions: each row was judged by a head that
had not seen it.{% if teacher %} The teacher had seen it, and its labels of other comments helped every fold, so
these figures lean to the kind side; the scores above do not.{% endif %}

| head | threshold | accuracy | sure | accuracy when sure |
|---|---|---|---|---|
{% for head, h in heads.items() -%}
| {{ head }} | {{ f(h.threshold) }} | {{ f(h.out_of_fold.accuracy) }} | {{ f(h.out_of_fold.coverage) }} | {{ f(h.out_of_fold.selective_accuracy) }} |
{% endfor %}
## Where not to trust it
Rare stages (need, awareness, consideration) and touchpoints (sms, e-mail, word of mouth,
self-service) had few examples. Sarcasm, clauses that need the one before them, and trades far from
the training data are often wrong. It speaks English only, and answers for other languages too.
"""
)


def render_card(
    folder: ModelFolder, scores: dict[str, Any] | None, config: TrainConfig | None
) -> str:
    """The card as Markdown; without a recipe it names no sources."""
    return _CARD.render(
        name=folder.name,
        encoder=folder.config["encoder"],
        n_feedback=folder.config["n_feedback"],
        n_mentions=folder.config["n_mentions"],
        heads=folder.config["heads"],
        scores=scores,
        sources=_sources(config) if config else None,
        teacher=bool(config and config.teacher),
        f=lambda value: "" if value != value else f"{value:.3f}",
    )


def _sources(config: TrainConfig) -> list[dict[str, str]]:
    rows = []
    uses = [(name, "polarity") for name in config.packs]
    if config.teacher:
        uses += [(f"{name} ({p.rows} rows)", "unlabelled, for the teacher to label")
                 for name, p in config.teacher.packs.items()]  # fmt: skip
    for name, use in uses:
        what, licence = _SOURCES.get(name.split(" (")[0], ("", "as its own page says"))
        rows.append({"name": name, "what": what, "use": use, "licence": licence})
    return rows
