import pytest

from vocx.mine.phrases import LONGEST, key_of, parsed, phrases


def texts_of(text: str) -> set[str]:
    [doc] = parsed([text])
    return {p.text for p in phrases(doc)}


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("The delivery was late", "late delivery"),
        ("staff were not helpful at all", "staff not helpful"),
        ("nobody answered the phone", "nobody answered phone"),
        ("I can't change my delivery address", "cannot change delivery address"),
        ("your website doesn't load", "website does not load"),
        ("my card was declined", "card declined"),
        ("no reply to my emails", "no reply"),
        ("there were hidden fees", "hidden fees"),
    ],
)
def test_phrases_are_as_an_analyst_writes_them(text: str, phrase: str) -> None:
    assert phrase in texts_of(text)


def test_phrases_are_short_and_of_words() -> None:
    for text in ("the 1st XXXX payment of $20.00 was lost, u know!!", "😀 ok", "", "?!"):
        for phrase in texts_of(text):
            assert 2 <= len(phrase.split()) <= LONGEST
            assert phrase.replace(" ", "").isalpha()


def test_forms_of_a_phrase_share_a_key() -> None:
    assert key_of(["late", "delivery"]) == key_of(["deliveries", "were", "late"])
    assert key_of(["not", "working"]) != key_of(["working"])
