from vocx.mine.names import StemTable, Taken, stems_of

LATE = ["the parcel was late", "my parcel was late again", "Parcel came late, sadly", "late parcel"]
OTHER = ["lovely quiet kettle", "the lamp flickers", "staff were kind", "the box was nice"]


def test_a_name_is_what_the_group_says_and_the_others_do_not() -> None:
    assert StemTable(LATE + OTHER).name(LATE, Taken()) == "late parcel"


def test_names_differ_even_in_another_form() -> None:
    table = StemTable(LATE + OTHER)
    assert table.name(LATE, Taken(["parcels late"])) != "late parcel"


def test_a_group_without_shared_words_has_no_name() -> None:
    assert StemTable(LATE + OTHER).name(["lovely kettle", "the lamp flickers"], Taken()) is None


def test_what_all_say_alike_may_name_a_group() -> None:
    fine = ["Everything was good", "everything was good.", "Everything good"]
    assert StemTable(fine + OTHER).name(fine, Taken()) in ("everything was good", "everything good")


def test_terms_are_the_groups_own_words() -> None:
    assert StemTable(LATE + OTHER).terms(LATE)[:2] == ["late", "parcel"]


def test_stems_bring_forms_together_and_keep_denial() -> None:
    assert stems_of("Parcels haven't arrived") == stems_of("the parcel has not arrived")
    assert "not" in stems_of("it never came")


def test_masks_are_no_words() -> None:
    assert stems_of("paid XXXX on XX/XX") == stems_of("paid")
