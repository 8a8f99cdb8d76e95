import gzip
import random
from pathlib import Path

import pytest
import spacy

from vocx.config import ParserConfig
from vocx.mine.phrases import parsed
from vocx.models import find_parser
from vocx.train import train_by_recipe
from vocx.train.parser import Sentence, read_conllu, save_parser, train_parser

ROWS = """\
# text = Parcels came late.
1\tParcels\tparcel\tNOUN\tNNS\t_\t2\tnsubj\t_\t_
2\tcame\tcome\tVERB\tVBD\t_\t0\troot\t_\t_
3\tlate\tlate\tADV\tRB\t_\t2\tadvmod:lmod\t_\tSpaceAfter=No
4\t.\t.\tPUNCT\t.\t_\t2\tpunct\t_\t_

1-2\tdidn't\t_\t_\t_\t_\t_\t_\t_\t_
1\tdid\tdo\tAUX\tVBD\t_\t3\taux\t_\tSpaceAfter=No
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_
3\tring\tring\tVERB\tVB\t_\t0\troot\t_\t_

"""


@pytest.fixture
def treebank(tmp_path: Path) -> Path:
    for part in ("train", "dev"):
        with gzip.open(tmp_path / f"en_ewt-ud-{part}.conllu.gz", "wt", encoding="utf-8") as file:
            file.write(ROWS * 40)  # the parser forgets relations that are rare
    return tmp_path


def test_sentences_are_read_with_heads_and_relations(treebank: Path) -> None:
    first, second = list(read_conllu(treebank / "en_ewt-ud-dev.conllu.gz"))[:2]
    assert first.words == ["Parcels", "came", "late", "."]
    assert first.heads == [1, 1, 1, 1]
    assert first.deps == ["nsubj", "ROOT", "advmod", "punct"]
    assert first.spaces == [True, True, False, True]
    assert second.words == ["did", "n't", "ring"]


def test_lower_case_and_swapped_nouns(treebank: Path) -> None:
    first = next(read_conllu(treebank / "en_ewt-ud-dev.conllu.gz"))
    assert first.lowered().words == ["parcels", "came", "late"]
    swapped = [first.swapped(random.Random(seed)).words for seed in range(200)]
    nouns = {w[0] for w in swapped}
    assert len(nouns) > 5
    assert all(w[1:] == first.words[1:] for w in swapped)
    assert isinstance(first.swapped(random.Random(0)), Sentence)


def test_a_recipe_trains_a_parser_that_spacy_loads(treebank: Path) -> None:
    recipe = treebank / "parser.yaml"
    recipe.write_text("name: tiny\ntreebank: .\nwidth: 8\nepochs: 1\nout: made\n")
    said: list[str] = []
    folder = train_by_recipe(recipe, None, said.append)
    assert said[0].startswith("epoch 1 of 1")
    doc = spacy.load(folder)("Parcels came late.")
    assert all(t.tag_ for t in doc)
    assert "CC BY-SA 4.0" in (folder / "README.md").read_text()


def test_training_twice_gives_the_same(treebank: Path, tmp_path: Path) -> None:
    config = ParserConfig(name="tiny", treebank=str(treebank), width=8, epochs=1)
    for name in ("one", "two"):
        save_parser(*train_parser(config, lambda _: None), tmp_path / name)
    one, two = ((tmp_path / n / "tok2vec" / "model").read_bytes() for n in ("one", "two"))
    assert one == two


def test_the_parser_that_ships_names_its_licence_and_parses() -> None:
    card = (find_parser() / "README.md").read_text()
    assert "CC BY-SA 4.0" in card
    [doc] = parsed(["The app crashes"])
    assert [t.dep_ for t in doc][-1] == "ROOT"
