import pandas as pd
import pytest

from vocx.errors import UserError
from vocx.ingest.conversations import assumed_roles, join_turns, role_of, split_marked


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


def turns(*spoken: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(spoken, columns=["conversation", "speaker"])


def test_unknown_speakers_are_listed() -> None:
    three = turns(("a", "Anna"), ("a", "Ben"), ("a", "Cleo"))
    with pytest.raises(UserError, match="Anna, Ben, Cleo") as error:
        assumed_roles(three, None, "t.jsonl")
    assert "customers" in error.value.remedy
    told = assumed_roles(turns(("a", "Anna"), ("a", "Ben")), ["Anna"], "t.jsonl")
    assert told == "speakers taken as customer: Anna; as agent: Ben"


def test_of_two_without_a_role_the_first_to_speak_is_the_customer() -> None:
    talks = turns(("a", "Anna"), ("a", "Ben"), ("b", "Ben"), ("b", "Cleo"))
    assert "who speaks first was taken as the customer" in assumed_roles(talks, None, "t.jsonl")
    assert talks["speaker"].tolist() == ["customer", "agent", "customer", "agent"]


def test_an_unknown_speaker_beside_known_ones_is_told() -> None:
    told = assumed_roles(turns(("a", "Customer"), ("a", "John")), None, "t.jsonl")
    assert "not known, so taken as agent: John" in told


@pytest.mark.parametrize("name", ["Customer Support", "Customer Service Rep", "Guest Services"])
def test_customer_service_is_no_customer(name: str) -> None:
    assert role_of(name) == "agent"
