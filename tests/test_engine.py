import json
from pathlib import Path

import pandas as pd
import pytest
from conftest import SAMPLES, TINY

from vocx.api import config_of, run
from vocx.engine import coded_labels, execute, rejourney
from vocx.errors import UserError
from vocx.journey import load_journey
from vocx.runs import MANIFEST, Run, load_run, write_json

SURVEY = str(SAMPLES / "retail_survey_nps.csv")
FIXED = (
    "issues.parquet",
    "matrix.parquet",
    "rejects.parquet",
    "report.html",
    "report.json",
    "report.xlsx",
)


def contents(folder: Path) -> dict[str, bytes]:
    shards = sorted(folder.glob("*/part-*.parquet"))
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in [*shards, *(folder / n for n in FIXED)]
    }


def test_the_same_bytes_for_any_number_of_workers_and_order_of_files(tmp_path: Path) -> None:
    reviews = str(SAMPLES / "product_and_app_reviews.jsonl")
    options = {"model": str(TINY), "shard_size": 90, "name": "same"}
    run([SURVEY, reviews], tmp_path / "a", workers=1, **options)
    run([reviews, SURVEY], tmp_path / "b", workers=2, **options)
    one, two = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert one.keys() == two.keys()
    unlike = [name for name in one if one[name] != two[name]]
    assert unlike == []


def test_running_again_gives_the_same_report(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run(SURVEY, tmp_path / name, model=str(TINY))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_the_size_of_shards_changes_no_label(tmp_path: Path) -> None:
    small = run(SURVEY, tmp_path / "a", model=str(TINY), shard_size=17)
    large = run(SURVEY, tmp_path / "b", model=str(TINY))
    for table in ("feedback", "segments", "issues", "matrix"):
        pd.testing.assert_frame_equal(getattr(small, table), getattr(large, table), atol=1e-5)


def test_a_finished_shard_is_not_done_again(tmp_path: Path) -> None:
    config = config_of([SURVEY], {}, model=str(TINY), shard_size=100, workers=1)
    execute(config, tmp_path / "run")
    write_json({"vocx": "0", "state": "unfinished"}, tmp_path / "run" / MANIFEST)
    (tmp_path / "run" / "feedback" / "part-00001.parquet").unlink()  # and a shard was not written
    seen: list[tuple[str, int, int]] = []
    execute(config, tmp_path / "run", lambda *step: seen.append(step))
    labelled = [done for step, done, _ in seen if step == "label"]
    assert labelled[0] == 200
    assert len(load_run(tmp_path / "run").feedback) == 210


def test_shards_of_an_older_larger_input_are_removed(tmp_path: Path) -> None:
    run(SURVEY, tmp_path / "run", model=str(TINY), shard_size=50)
    again = run(SURVEY, tmp_path / "run", model=str(TINY), shard_size=500)
    assert len(again.feedback) == 210
    assert again.feedback["feedback_id"].is_unique


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"journey": "nowhere"}, "unknown journey"),
        ({"model": "nobody"}, "unknown model"),
        ({"by": ["planet"]}, "--by planet"),
        ({"settings": {"columns.text": "Coment"}}, "no column 'Coment'"),
        ({"settings": {"mine.min": "3"}}, "unknown key 'mine.min'"),
    ],
)
def test_nothing_is_written_when_the_input_is_wrong(
    tmp_path: Path, options: dict, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        run(SURVEY, tmp_path / "run", **({"model": str(TINY)} | options))
    assert not (tmp_path / "run").exists()


def test_the_manifest_says_what_was_run(sample_run: Run) -> None:
    manifest = sample_run.manifest
    assert manifest["model"]["name"] == "tiny-model"
    assert len(manifest["model"]["digest"]) == 64
    assert {f["file"] for f in manifest["inputs"]} == {
        "product_and_app_reviews.jsonl",
        "retail_survey_nps.csv",
        "support_conversations.jsonl",
    }
    assert set(manifest["seconds"]) >= {"ingest", "label", "mine", "matrix"}
    assert manifest["privacy"]["masked"]["EMAIL"] > 0
    assert manifest["coverage"]["feedback"] == 570


def test_golden_counts_of_the_sample(sample_run: Run) -> None:
    """What the tiny model finds in the sample feedback; a change here must be meant."""
    golden = json.loads((Path(__file__).parent / "data" / "golden.json").read_text())
    assert sample_run.feedback["source"].value_counts().to_dict() == golden["sources"]
    assert int(sample_run.feedback["meaningful"].sum()) == golden["meaningful"]
    assert len(sample_run.segments) == golden["segments"]
    kinds = sample_run.segments["kind"].value_counts()
    for kind, n in golden["kinds"].items():
        assert kinds[kind] == pytest.approx(n, rel=0.02)


def test_labels_survive_their_table(sample_run: Run) -> None:
    says = sample_run.feedback["meaningful"]
    for column in ("stage", "touchpoint", "sentiment", "emotion"):
        assert sample_run.feedback.loc[says, column].notna().all()
        assert sample_run.feedback.loc[~says, column].isna().all()
    mentions = sample_run.segments["kind"] != "none"
    assert sample_run.segments.loc[~mentions, "theme"].isna().all()
    assert (
        sample_run.segments.loc[sample_run.segments["kind"] == "pain", "severity"]
        .between(1, 3)
        .all()
    )


def test_another_journey_recounts_without_a_new_run(sample_run: Run) -> None:
    journey = load_journey("customer-goals")
    assert set(rejourney(sample_run, journey).matrix["stage"]) <= set(journey.stage_names)


def test_an_unfinished_run_is_not_shown(tmp_path: Path) -> None:
    run(SURVEY, tmp_path / "run", model=str(TINY))
    write_json({"vocx": "0", "state": "unfinished"}, tmp_path / "run" / MANIFEST)
    with pytest.raises(UserError, match="no finished run"):
        load_run(tmp_path / "run")


def test_an_input_is_never_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "feedback"
    folder.mkdir(parents=True)
    pd.DataFrame({"text": ["It came late again"]}).to_parquet(folder / "part-00000.parquet")
    before = (folder / "part-00000.parquet").read_bytes()
    with pytest.raises(UserError):
        run(str(folder), tmp_path / "data", model=str(TINY))
    assert (folder / "part-00000.parquet").read_bytes() == before


def test_a_run_inside_its_input_folder_can_be_run_again(
    tmp_path: Path, comments: pd.DataFrame
) -> None:
    comments.to_csv(tmp_path / "c.csv", index=False)
    for _ in range(2):
        found = run(str(tmp_path), tmp_path / "run", model=str(TINY))
    assert len(found.feedback) == 4


def test_a_period_without_times_is_refused(tmp_path: Path, comments: pd.DataFrame) -> None:
    comments.to_csv(tmp_path / "c.csv", index=False)
    with pytest.raises(UserError, match="no feedback has a time"):
        run(str(tmp_path / "c.csv"), tmp_path / "run", model=str(TINY), period="month")


def test_a_named_column_groups_whatever_it_holds(tmp_path: Path, comments: pd.DataFrame) -> None:
    comments.assign(Store=["A", "B", "C", "D"]).to_csv(tmp_path / "c.csv", index=False)
    found = run(str(tmp_path / "c.csv"), tmp_path / "run", model=str(TINY), by=["Store"])
    assert found.manifest["groups"] == ["x_store"]


def test_a_team_journey_lives_in_its_run(tmp_path: Path, comments: pd.DataFrame) -> None:
    comments.to_csv(tmp_path / "c.csv", index=False)
    own = tmp_path / "own.yaml"
    own.write_text(
        (SAMPLES.parent.parent / "vocx/journeys/customer-goals.yaml")
        .read_text()
        .replace("name: customer-goals", "name: own")
    )
    found = run(str(tmp_path / "c.csv"), tmp_path / "run", model=str(TINY), journey=str(own))
    own.unlink()
    assert load_run(found.path).journey.name == "own"


def test_labels_to_correct_by_need_mentions(tmp_path: Path, comments: pd.DataFrame) -> None:
    comments.to_csv(tmp_path / "c.csv", index=False)
    (tmp_path / "labels.csv").write_text("text,stage\nlate again,fulfilment\n")
    with pytest.raises(UserError, match="no row has `mentions`"):
        run([str(tmp_path / "c.csv")], tmp_path / "out", labelled=str(tmp_path / "labels.csv"))
    assert not (tmp_path / "out").exists()


def test_labels_to_correct_by_need_stages_and_themes(tmp_path: Path) -> None:
    row = {
        "text": "late again",
        "mentions": [{"quote": "late again", "kind": "pain", "stage": "use"}],
    }
    (tmp_path / "labels.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(UserError, match="1 of 1 mentions lack a stage or a theme"):
        coded_labels(tmp_path / "labels.jsonl")


def test_errors_counted_on_own_labels_correct_the_counts(tmp_path: Path) -> None:
    labels = str(SAMPLES / "labelled_feedback.jsonl")
    done = run([labels], tmp_path / "out", labelled=labels, model=str(TINY))
    assert done.manifest["errors_known_from"] > 100
    assert done.matrix["n_corrected"].notna().any()
