import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from vocx.ingest.conversations import join_turns
from vocx.segment import segment


def frame(text: str, turns: list | None = None, meaningful: bool = True) -> pd.DataFrame:
    row = {"feedback_id": "f", "text": text, "turns": turns, "meaningful": meaningful}
    return pd.DataFrame([row])


def texts(text: str) -> list[str]:
    return segment(frame(text))["text"].tolist()


def test_a_sentence_with_a_turn_is_two_clauses() -> None:
    assert texts("Love the kettle, but delivery was a joke.") == [
        "Love the kettle,",
        "but delivery was a joke.",
    ]


def test_a_comma_splice_with_two_verbs_is_two_clauses() -> None:
    assert len(texts("The room was filthy, the staff were kind")) == 2


def test_a_list_of_things_stays_one_clause() -> None:
    assert texts("Great bed, sofa and lamp") == ["Great bed, sofa and lamp"]


def test_newlines_and_bullets_end_a_clause() -> None:
    assert texts("- too slow\n- too dear") == ["too slow", "too dear"]


def test_nothing_but_is_no_turn() -> None:
    assert texts("Had nothing but trouble with it") == ["Had nothing but trouble with it"]


def test_agents_words_never_become_segments() -> None:
    turns = [
        ("agent", "Hello, how can I help?", None),
        ("customer", "It broke. I want my money.", None),
    ]
    text, spans = join_turns(turns)
    found = segment(frame(text, spans))
    assert found["text"].tolist() == ["It broke.", "I want my money."]
    assert set(found["speaker"]) == {"customer"}
    assert all(text[s.start : s.end] == s.text for s in found.itertuples())


def test_feedback_that_says_nothing_has_no_segments() -> None:
    assert segment(frame("n/a", meaningful=False)).empty


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet=st.sampled_from("abc but, and.!?;-/\n i the was é“”😀"), max_size=200))
def test_offsets_always_point_at_the_segment_and_never_overlap(text: str) -> None:
    found = segment(frame(text))
    end = 0
    for s in found.itertuples():
        assert text[s.start : s.end] == s.text
        assert s.start >= end
        end = s.end
    assert found["seq"].tolist() == list(range(len(found)))
