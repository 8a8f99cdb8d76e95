import json
import re
from collections import Counter
from pathlib import Path

import pytest

from vocx.ingest.persons import persons, things_in
from vocx.ingest.redact import redact

LINES = Path(__file__).parent.parent / "data" / "redaction.jsonl"
MASK = re.compile(r"\[(?:NAME|EMAIL|PHONE|CARD|IBAN|ID|ADDRESS|ORDER|IP|DOB|URL)\]")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to jo.b+x@shop.example.co.uk now", "write to [EMAIL] now"),
        ("ring 07700 900123", "ring [PHONE]"),
        ("ring +44 20 7946 0123 please", "ring [PHONE] please"),
        ("call (555) 010-1234 ext. 12", "call [PHONE]"),
        ("card 4111 1111 1111 1111 charged", "card [CARD] charged"),
        ("order HF-2041877 is lost", "order [ORDER] is lost"),
        ("my account 12345678", "my account [ORDER]"),
        ("GB29 NWBK 6016 1331 9268 19", "[IBAN]"),
        ("from 192.168.10.4", "from [IP]"),
        ("my NI number is AB 12 34 56 C", "my NI number is [ID]"),
        ("born 4 May 1971", "born [DOB]"),
        ("flat 2, 14 mill lane, leeds ls1 4ab", "[ADDRESS]"),
        ("see https://x.example/reset?token=ab12cd34", "see [URL]"),
        ("I spoke to Priya Shah about it", "I spoke to [NAME] about it"),
        ("Best wishes,\nT. Jones", "Best wishes,\n[NAME]"),
        ("our locator is QTRWLM", "our locator is [ORDER]"),
        ("ring oh seven seven double oh nine double oh one two four", "ring [PHONE]"),
        ("a bell, 01632 (960) 255, please", "a bell, [PHONE], please"),
        ("policy HOM 7733910 renewed", "policy [ORDER] renewed"),
    ],
)
def test_personal_data_is_masked_by_type(text: str, masked: str) -> None:
    assert redact(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "paid £1,200 in 2026",
        "waited 45 minutes, 3 times",
        "on 2026-03-01 at 10:00",
        "room 404, size 12-14",
        "I've told them, I'd go again and I'm sure",
        "read https://shop.example/help first",
        "version 10.0.19.2 of the app",
        "Wendy's in Charlotte was closed in May",
        "Grace period is too short",
        "two tickets for Taylor Swift",
        "a 15-year-old on 03/04/2026",
    ],
)
def test_what_is_not_personal_stays(text: str) -> None:
    assert redact(text) == text


def test_a_number_that_is_no_card_is_not_called_one() -> None:
    assert "[CARD]" not in redact("4111 1111 1111 1112")


def test_masks_are_counted() -> None:
    counts: Counter[str] = Counter()
    redact("a@example.com b@example.com", counts)
    assert counts == {"EMAIL": 2}


def test_names_of_goods_in_the_data_are_no_persons() -> None:
    texts = ["The Wren is great", "My Wren stopped charging", "Use your Fern Card", "a Fern Card"]
    things = things_in(texts)
    assert {"wren", "fern"} <= things
    assert persons("Thanks to Wren the floor is clean", things) == []


def covered(text: str, masked: str, item: str) -> bool:
    """Whether every letter and digit of an item lies under a mask."""
    at, kept = 0, []
    for part in MASK.split(masked):
        found = text.find(part, at)
        if found < 0:
            return False
        kept.append((found, found + len(part)))
        at = found + len(part)
    start = text.find(item)
    ends = [(max(a, start), min(b, start + len(item))) for a, b in kept]
    return not any(a < b and re.search(r"\w", text[a:b]) for a, b in ends)


def test_what_was_planted_is_found_and_lookalikes_stay() -> None:
    """The figures of docs/privacy.md; the lines were written by somebody who did not see the masks."""
    lines = [json.loads(line) for line in LINES.read_text(encoding="utf-8").splitlines()]
    found, planted, wrong = Counter(), Counter(), 0
    for line in lines:
        masked = redact(line["text"])
        for kind, item in line["items"]:
            group = kind if kind in ("NAME", "ADDRESS") else "patterned"
            planted[group] += 1
            found[group] += covered(line["text"], masked, item)
        wrong += not line["items"] and masked != line["text"]
    assert len(lines) == 300
    assert found["patterned"] >= 0.98 * planted["patterned"]
    assert found["ADDRESS"] >= 0.95 * planted["ADDRESS"]
    assert found["NAME"] >= 0.85 * planted["NAME"]
    assert wrong <= 11
