import pytest
from conftest import ROOT, TINY

from vocx.config import load_train_config
from vocx.models import load_folder
from vocx.train.card import render_card


@pytest.mark.parametrize(
    "recipe", ["train-base-first", "train-base", "train-small-first", "train-small"]
)
def test_the_card_names_every_source_with_its_licence(recipe: str) -> None:
    config = load_train_config(ROOT / "pipelines" / f"{recipe}.yaml")
    card = render_card(load_folder(str(TINY)), None, config)
    for name in [*config.packs, "JourneyBench", "labels made for vocx", "all-MiniLM-L6-v2"]:
        line = next(x for x in card.splitlines() if x.startswith(f"| {name}"))
        assert len(line.split("|")[3].strip()) >= 3
    assert all("| |" not in line for line in card.splitlines() if line.startswith("| "))


def test_a_card_without_a_recipe_names_no_sources() -> None:
    assert "licence" not in render_card(load_folder(str(TINY)), None, None).split("## Calib")[0]
