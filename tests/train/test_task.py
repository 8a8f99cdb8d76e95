from pathlib import Path

import pytest
from conftest import SAMPLES, TINY

from vocx.api import run
from vocx.errors import UserError
from vocx.evaluate import evaluate_model
from vocx.models import FORMAT, ModelFolder
from vocx.pipeline import load_model
from vocx.train import train_task

ROWS = [("The parcel never came", "fulfilment"), ("Courier left it in the rain", "fulfilment"), ("I wait for delivery", "fulfilment"), ("Driver came late", "fulfilment"),
        ("Kettle is quiet", "use"), ("Coffee tastes lovely", "use"), ("The lamp flickers", "use"), ("Sofa is comfy", "use")]  # fmt: skip


def labels(path: Path, rows: list[tuple[str, str]], column: str = "stage") -> Path:
    path.write_text("\n".join([f"text,{column}", *(f'"{t}",{s}' for t, s in rows)]) + "\n")
    return path


def test_a_team_trains_a_head_of_its_own_without_torch(tmp_path: Path) -> None:
    said: list[str] = []
    folder = train_task(
        "stage", labels(tmp_path / "l.csv", ROWS), tmp_path / "mine", str(TINY), said.append
    )
    model = load_model(str(folder))
    assert model.name == "mine"
    assert model.label(["The parcel came late", "The kettle is lovely"])["stage"].tolist() == [
        "fulfilment",
        "use",
    ]
    assert any("out of fold" in s for s in said)


def test_a_task_of_a_teams_own_is_a_column_of_the_run(tmp_path: Path) -> None:
    rows = [(t, "urgent" if s == "fulfilment" else "calm") for t, s in ROWS]
    file = labels(tmp_path / "l.csv", rows, "urgency")
    folder = train_task("urgency", file, tmp_path / "mine", str(TINY), print)
    done = run(str(SAMPLES / "retail_survey_nps.csv"), tmp_path / "run", model=str(folder))
    assert set(done.feedback["x_urgency"].dropna()) <= {"urgent", "calm"}
    scores = evaluate_model(str(folder), file)
    assert scores["tasks"]["urgency"]["accuracy"] > 0.8


def test_a_head_reads_the_words_as_they_stand_too(tmp_path: Path) -> None:
    """Codes mean nothing to an encoder; here they are all that tells the labels apart."""
    rows = [(f"Fault {code} at unit {i}", team) for i in range(30)
            for code, team in (("qx7", "north"), ("qv7", "south"), ("qk7", "east"))]  # fmt: skip
    file = labels(tmp_path / "l.csv", rows, "team")
    model = load_model(str(train_task("team", file, tmp_path / "mine", str(TINY), print)))
    assert model.heads["feedback.team"].ngrams_ is not None
    found = model.label(["unit 99: qv7", "unit 99: qk7"])["x_team"].tolist()
    assert found == ["south", "east"]


def test_a_cascade_leaves_a_teams_own_task_to_the_small_model(tmp_path: Path) -> None:
    rows = [(t, "urgent" if s == "fulfilment" else "calm") for t, s in ROWS]
    file = labels(tmp_path / "l.csv", rows, "urgency")
    train_task("urgency", file, tmp_path / "mine", str(TINY), print)
    settings = {"first": "mine", "then": str(TINY), "doubt": -1.0}
    cascade = ModelFolder("both", {"format": FORMAT, "name": "both", "cascade": settings}, {}, "")
    cascade.save(tmp_path / "both", "")
    texts = [t for t, _ in rows]
    one, two = (load_model(str(tmp_path / n)).label(texts) for n in ("mine", "both"))
    assert two["x_urgency"].tolist() == one["x_urgency"].tolist()
    assert evaluate_model(str(tmp_path / "both"), file)["tasks"]["urgency"]["accuracy"] > 0.8


def test_cells_of_several_labels_make_a_head_that_gives_several(tmp_path: Path) -> None:
    rows = [("late parcel", "late"), ("rude courier", "rude"), ("late parcel and rude courier", "late; rude"),
            ("so late", "late"), ("very rude man", "rude")] * 6  # fmt: skip
    file = labels(tmp_path / "l.csv", [(f"{t} {i}", s) for i, (t, s) in enumerate(rows)], "faults")
    folder = train_task("faults", file, tmp_path / "mine", str(TINY), print)
    scores = evaluate_model(str(folder), file)["tasks"]["faults"]
    assert [c["label"] for c in scores["classes"]] == ["late", "rude"]
    assert scores["macro_f1"] > 0.8


def test_classes_never_shown_are_never_answered(tmp_path: Path) -> None:
    folder = train_task(
        "stage", labels(tmp_path / "l.csv", ROWS), tmp_path / "mine", str(TINY), print
    )
    texts = (SAMPLES / "README.md").read_text().splitlines()
    assert set(load_model(str(folder)).label(texts)["stage"]) <= {"fulfilment", "use"}


@pytest.mark.parametrize(
    ("task", "rows", "column", "message"),
    [
        ("mood", ROWS, "stage", "no column 'mood'"),
        ("mood", [(t, "fine") for t, _ in ROWS], "mood", "one class only"),
        ("stage", ROWS, "label", "no column 'stage'"),
        ("stage", ROWS[:5], "stage", "label 'use' has 1 examples"),
        (
            "stage",
            [(t, s.replace("use", "usage")) for t, s in ROWS],
            "stage",
            "row 5: stage 'usage' is no stage",
        ),
    ],
)
def test_bad_labels_are_named(
    tmp_path: Path, task: str, rows: list, column: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        train_task(task, labels(tmp_path / "l.csv", rows, column), tmp_path / "m", str(TINY), print)
    assert not (tmp_path / "m").exists()
