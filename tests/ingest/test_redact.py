from collections import Counter

import pytest

from vocx.ingest.redact import redact


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to jo.b+x@shop.example.co.uk now", "write to [EMAIL] now"),
        ("ring 07700 900123", "ring [PHONE]"),
        ("ring +44 20 7946 0123 please", "ring [PHONE] please"),
        ("call (555) 010-1234", "call [PHONE]"),
        ("card 4111 1111 1111 1111 charged", "card [CARD] charged"),
        ("order HF-2041877 is lost", "order [ORDER] is lost"),
        ("my account 12345678", "my account [ORDER]"),
        ("GB29 NWBK 6016 1331 9268 19", "[IBAN]"),
        ("from 192.168.10.4", "from [IP]"),
    ],
)
def test_personal_data_is_masked_by_type(text: str, masked: str) -> None:
    assert redact(text) == masked


@pytest.mark.parametrize("text", ["paid £1,200 in 2026", "waited 45 minutes, 3 times", "on 2026-03-01 at 10:00", "room 404, size 12-14"])  # fmt: skip
def test_plain_numbers_stay(text: str) -> None:
    assert redact(text) == text


def test_a_number_that_is_no_card_is_not_called_one() -> None:
    assert "[CARD]" not in redact("4111 1111 1111 1112")


def test_masks_are_counted() -> None:
    counts: Counter[str] = Counter()
    redact("a@example.com b@example.com", counts)
    assert counts == {"EMAIL": 2}
