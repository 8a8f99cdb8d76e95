from vocx.errors import MissingExtra, closest


def test_missing_extra_names_the_install_line() -> None:
    assert MissingExtra("torch", "train").remedy == "install it with: pip install 'vocx[train]'"


def test_closest_lists_all_when_nothing_is_near() -> None:
    assert closest("zzz", ["alpha", "beta"]) == "known: alpha, beta"
