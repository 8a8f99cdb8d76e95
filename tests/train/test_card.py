from conftest import ROOT, TINY

from vocx.config import load_train_config
from vocx.models import load_folder
from vocx.train.card import render_card


def test_the_card_names_every_source_with_its_licence() -> None:
    config = load_train_config(ROOT / "pipelines" / "train.yaml")
    card = render_card(load_folder(str(TINY)), None, config)
    assert config.teacher is not None
    for name in [*config.packs, *config.teacher.packs]:
        line = next(x for x in card.splitlines() if x.startswith(f"| {name}"))
        assert len(line.split("|")[4].strip()) >= 3
        assert "as its own page says" not in line


def test_a_card_without_a_recipe_names_no_sources() -> None:
    assert "licence" not in render_card(load_folder(str(TINY)), None, None)
