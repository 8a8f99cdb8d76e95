from dataclasses import replace

import pandas as pd

from vocx.engine import rejourney
from vocx.journey import load_journey
from vocx.report import build_facts
from vocx.runs import Run

JOURNEY = load_journey("vocx-10")


def test_every_cell_shown_has_as_many_quotes_as_voices_up_to_the_limit(sample_run: Run) -> None:
    facts = build_facts(sample_run, JOURNEY)
    for kind in ("pain", "win"):
        for grain in ("themes", "issues"):
            for key, cell in facts["matrices"][kind][grain]["cells"].items():
                assert len(facts["quotes"][f"{kind}|{key}"]) == min(cell["n"], 12)


def test_an_issues_stages_hold_all_its_voices_the_unsure_too(sample_run: Run) -> None:
    facts = build_facts(sample_run, JOURNEY)
    for issue in facts["issues"]:
        assert sum(issue["stages"].values()) >= issue["n_feedback"]
        assert all(facts["quotes"][f"{issue['kind']}|{s}|{issue['id']}"] for s in issue["stages"])


def test_quotes_are_verbatim_and_one_per_feedback(sample_run: Run) -> None:
    texts = sample_run.feedback.set_index("source_id")["text"]
    for quotes in build_facts(sample_run, JOURNEY)["quotes"].values():
        assert len({q["id"] for q in quotes}) == len(quotes)
        for q in quotes:
            assert q["text"] in texts[q["id"]]


def test_stages_are_those_of_the_journey_in_order(sample_run: Run) -> None:
    journey = load_journey("management-lifecycle")
    facts = build_facts(rejourney(sample_run, journey), journey)
    assert [s["name"] for s in facts["stages"]] == journey.stage_names
    assert {k.split("|")[0] for k in facts["matrices"]["pain"]["themes"]["cells"]} <= set(
        journey.stage_names
    )


def test_months_of_an_issue_are_complete(sample_run: Run) -> None:
    for issue in build_facts(sample_run, JOURNEY)["issues"]:
        assert [m for m, _ in issue["months"]] == [f"2026-{i:02d}" for i in range(1, 7)]


def test_moments_of_truth_are_told_surely_and_with_the_interval_of_what_is_sure(
    sample_run: Run,
) -> None:
    row = {"score": "nps", "level": "theme_at_stage", "stage": "use", "issue_id": None, "kind": "pain",
           "n_scored": 90, "n_told": 7, "share": 0.08, "naive": -2.0, "effect": -40.0, "effect_low": -60.0,
           "effect_high": -20.0, "impact": -3.0, "impact_low": -6.0, "impact_high": 0.1, "p": 0.01,
           "rank": 1, "rank_low": 1, "rank_high": 2}  # fmt: skip
    rows = [
        row | {"theme": "crashes-or-bugs", "q": 0.02},
        row | {"theme": "late-delivery", "q": 0.3},
    ]
    scored = replace(
        sample_run, manifest=sample_run.manifest | {"score": "nps"}, effects=pd.DataFrame(rows)
    )
    (moment,) = build_facts(scored, JOURNEY)["moments"]
    assert (moment["theme"], moment["n"], moment["score"]) == ("crashes-or-bugs", 7, "nps")
    assert (moment["effect"], moment["low"], moment["high"]) == (-40.0, -60.0, -20.0)
    assert moment["impact"] == -3.0
    unsure = replace(scored, effects=pd.DataFrame(rows[1:]))
    assert {m["score"] for m in build_facts(unsure, JOURNEY)["moments"]} == {None}
