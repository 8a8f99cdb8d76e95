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


def test_what_does_not_read_as_a_pain_gives_way_to_what_does() -> None:
    app = [
        "I open the app and it closes",
        "open the app, app closes",
        "the app closes when I open the app",
    ]
    table = StemTable(app + OTHER)
    reads = {"open app": 0.1, "app closes": 0.9}
    candidates = [c.read(reads.get(c.text, 0.0), 1.0) for c in table.candidates(app)]
    assert {"open app", "app closes"} <= {c.text for c in candidates}
    assert table.name(app, Taken(), 0.2, False, candidates) == "app closes"


def test_what_lies_far_from_the_middle_names_less() -> None:
    table = StemTable(LATE + OTHER)
    best = table.candidates(LATE)[0]
    assert best.read(0.9, 0.5).score < best.read(0.9, 1.0).score


def test_a_pain_is_not_named_by_a_wish() -> None:
    staff = ["more staff please", "you need more staff", "more staff at the desk"]
    table = StemTable(staff + OTHER)
    assert table.name(staff, Taken(), of_pain=True) == "not enough staff"
    assert table.name(staff, Taken(["not enough staff"]), of_pain=True) != "not enough staff"
