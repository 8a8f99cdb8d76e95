from vocx.train.lessons import passages, unlabelled

LONG = "The courier was late again. Nobody called me. The parcel was wet. I want my money back."
SHORT = "Lovely staff."


def test_passages_are_parts_of_longer_comments() -> None:
    lessons = unlabelled(
        [SHORT, LONG, LONG.replace("courier", "driver")], ["survey", "review", None]
    )
    found = dict(passages(lessons))
    assert len(found) == 6
    pieces = set(lessons.clauses())
    for text, source in found.items():
        wholes = [t for t in lessons.texts[1:] if text in t]
        assert wholes, text
        assert all(len(text) < len(t) for t in wholes), text
        assert source in [lessons.sources[lessons.texts.index(t)] for t in wholes]
    assert any(t in pieces for t in found)
    assert any(t not in pieces for t in found)  # some are several segments


def test_passages_are_the_same_for_a_seed_and_all_different() -> None:
    lessons = unlabelled([LONG] * 3, [None] * 3)
    assert list(passages(lessons, seed=1)) == list(passages(lessons, seed=1))
    texts = [t for t, _ in passages(lessons)]
    assert len(set(texts)) == len(texts)
    assert not list(passages(unlabelled([SHORT], [None])))
