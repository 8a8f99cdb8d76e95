from pathlib import Path

import pytest
import yaml

from vocx.errors import UserError
from vocx.journey import load_journey, shipped_journeys
from vocx.schema import STAGES


def test_six_journeys_ship_the_default_first() -> None:
    names = [j.name for j in shipped_journeys()]
    assert names[0] == "vocx-10"
    assert set(names[1:]) == {
        "problem-to-loyalty",
        "awareness-to-advocacy",
        "interest-to-referral",
        "customer-goals",
        "management-lifecycle",
    }


@pytest.mark.parametrize("name", [j.name for j in shipped_journeys()])
def test_every_fine_stage_has_one_place(name: str) -> None:
    journey = load_journey(name)
    assert set(journey.of_fine) == set(STAGES)
    assert sum(len(s.covers) for s in journey.stages) == len(STAGES)


def test_unknown_journey_suggests_the_nearest() -> None:
    with pytest.raises(UserError, match="unknown journey 'vocx10'") as error:
        load_journey("vocx10")
    assert "did you mean 'vocx-10'?" in error.value.remedy


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([["a", ["need"]], ["b", ["need"]]], "covered by two stages"),
        ([["a", ["need"]], ["a", ["use"]]], "stands twice"),
        ([["a", ["need"]], ["b", ["usage"]]], "'usage', which is no fine stage"),
        ([["a", ["need"]]], "at least 2"),
    ],
)
def test_faults_of_a_team_journey_are_named(tmp_path: Path, stages: list, message: str) -> None:
    path = tmp_path / "own.yaml"
    entries = [{"name": n, "definition": "d", "covers": c} for n, c in stages]
    path.write_text(yaml.safe_dump({"name": "own", "stages": entries}))
    with pytest.raises(UserError) as error:
        load_journey(str(path))
    assert message in error.value.what
    assert str(path) in error.value.what


def test_groupings_that_others_rely_on() -> None:
    wanted = {
        "problem-to-loyalty": {
            "research": "awareness",
            "support": "retention",
            "retention": "loyalty",
        },
        "management-lifecycle": {"advocacy": "post-purchase", "retention": "exit"},
        "customer-goals": {"use": "acquire", "awareness": "become-aware-of-a-need"},
    }
    for name, pairs in wanted.items():
        of_fine = load_journey(name).of_fine
        assert {k: of_fine[k] for k in pairs} == pairs


def own(path: Path, stages: list[dict]) -> str:
    entries = [{"definition": "d", **s} for s in stages]
    path.write_text(yaml.safe_dump({"name": "own", "stages": entries}))
    return str(path)


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([{"name": "a"}, {"name": "b", "covers": ["use"]}], "needs either covers or examples"),
        (
            [{"name": "a", "examples": ["x", "y"]}, {"name": "b", "covers": ["use"]}],
            "has 2 examples",
        ),
        (
            [{"name": "a", "examples": ["x", "y", "z"]}, {"name": "b", "covers": ["use"]}],
            "either all stages have covers",
        ),
    ],
)
def test_a_stage_is_told_by_one_thing(tmp_path: Path, stages: list[dict], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_journey(own(tmp_path / "own.yaml", stages))
