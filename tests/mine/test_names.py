from vocx.mine.names import PhraseTable, phrases

LATE = ["the parcel came late", "parcel came late again", "my parcel came late, sadly"]
OTHER = ["lovely quiet kettle", "the lamp flickers", "staff were kind", "parcel box was nice"]


def test_a_name_is_a_phrase_customers_used() -> None:
    assert PhraseTable(LATE + OTHER).name(LATE, set()) == "parcel came late"


def test_names_differ() -> None:
    table = PhraseTable(LATE + OTHER)
    first = table.name(LATE, set())
    assert first is not None
    assert table.name(LATE, {first}) not in (first, None)


def test_a_group_without_shared_words_has_no_name() -> None:
    assert PhraseTable(LATE + OTHER).name(["lovely kettle", "the lamp flickers"], set()) is None


def test_phrases_do_not_cross_marks_or_end_in_empty_words() -> None:
    found = phrases("The battery died. New one never came")
    assert "died new" not in found
    assert not any(p.endswith(" the") or p.startswith("the ") for p in found)
