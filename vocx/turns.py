"""Of a conversation, the words of the customer: what an agent says is nobody's experience."""

from __future__ import annotations

import pandas as pd


def customer_spans(text: str, turns: object) -> list[tuple[int, int, str | None]]:
    """Where the customer's words stand in a feedback's text: (start, end, speaker)."""
    if turns is None or (isinstance(turns, float)):
        return [(0, len(text), None)]
    return [(t["start"], t["end"], "customer") for t in turns if t["speaker"] == "customer"]  # type: ignore[attr-defined]


def customer_words(feedback: pd.DataFrame) -> list[str]:
    """The words of the customer alone, turns joined by a newline: what a model reads as context."""
    return [
        "\n".join(text[a:b] for a, b, _ in customer_spans(text, turns))
        for text, turns in zip(feedback["text"], feedback["turns"], strict=True)
    ]
