from vocx.themes import load_themes, theme_title


def test_the_codebook_has_pains_and_wins_with_definitions() -> None:
    themes = load_themes().values()
    kinds = [t.kind for t in themes]
    assert kinds.count("pain") > 75
    assert kinds.count("win") > 50
    assert all(t.definition and t.title for t in themes)


def test_unknown_theme_is_still_readable() -> None:
    assert theme_title("slow-lift") == "Slow lift"
