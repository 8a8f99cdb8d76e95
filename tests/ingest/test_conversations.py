import pandas as pd
import pytest

from vocx.errors import UserError
from vocx.ingest.conversations import check_speakers, join_turns, role_of, split_marked


@pytest.mark.parametrize(("name", "role"), [("END_USER", "customer"), ("Caller 1", "customer"), ("Virtual Agent", "agent"), ("bot", "agent"), ("Priya", None)])  # fmt: skip
def test_roles_by_name(name: str, role: str | None) -> None:
    assert role_of(name) == role


def test_spans_point_at_each_speakers_words() -> None:
    text, spans = join_turns([("agent", "Hi", None), ("customer", "My order\nis late", None)])
    assert [text[s["start"] : s["end"]] for s in spans] == ["Hi", "My order\nis late"]


def test_a_transcript_in_one_cell_is_taken_apart() -> None:
    turns = split_marked("Agent: Hello\nCustomer: It broke\nAgent: Sorry")
    assert turns is not None
    assert [(t[0], t[1]) for t in turns] == [("agent", "Hello"), ("customer", "It broke"), ("agent", "Sorry")]  # fmt: skip
    assert split_marked("I told the agent: never again") is None


def test_unknown_speakers_are_listed() -> None:
    with pytest.raises(UserError, match="Anna, Ben") as error:
        check_speakers(pd.Series(["Anna", "Ben"]), None, "t.jsonl")
    assert "customers" in error.value.remedy
    check_speakers(pd.Series(["Anna", "Ben"]), ["Anna"], "t.jsonl")
