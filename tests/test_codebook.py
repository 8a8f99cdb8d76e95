from pathlib import Path

import pandas as pd
import pytest

from vocx.codebook import Codebook, CodedIssue, import_codeframe, load_codebook, save_codebook
from vocx.errors import UserError


@pytest.fixture
def book() -> Codebook:
    issues = [
        CodedIssue(id="i-1", kind="pain", name="late parcel", theme="late-delivery", terms=["late"],
                   definition="Late delivery: customers complain of 'late parcel'", examples=["it came late"]),
        CodedIssue(id="i-2", kind="pain", name="slow parcel", theme="late-delivery", examples=["so slow"]),
        CodedIssue(id="i-3", kind="win", name="kind staff", theme="friendly-staff"),
        CodedIssue(id="i-4", kind="pain", name="late delivery in general", theme="late-delivery", general=True),
    ]  # fmt: skip
    memory = pd.DataFrame(
        [("i-1", "pain", "late-delivery", "late again"), ("i-2", "pain", "late-delivery", "slow again")],
        columns=["issue_id", "kind", "theme", "text"],
    )  # fmt: skip
    return Codebook(issues, memory)


def test_a_codebook_comes_back_as_it_was(book: Codebook, tmp_path: Path) -> None:
    save_codebook(book, tmp_path / "codebook.yaml", "9")
    back = load_codebook(tmp_path)
    assert back.issues == book.issues
    assert back.memory.values.tolist() == book.memory.values.tolist()
    assert back.digest == book.digest
    assert (tmp_path / "codebook.yaml").read_text().startswith("# The issues of this run")


def test_a_hand_that_changed_the_file_is_noticed(book: Codebook, tmp_path: Path) -> None:
    path = tmp_path / "codebook.yaml"
    book.edited = False
    save_codebook(book, path, "0")
    assert not load_codebook(path).edited
    name = book.issues[0].name
    path.write_text(path.read_text().replace(f"name: {name}", "name: slow lift"))
    assert load_codebook(path).edited
    assert load_codebook(path).issues[0].name == "slow lift"


def test_a_rename_keeps_the_id_and_mends_the_definition(book: Codebook) -> None:
    book.rename("Late Parcel", "parcel overdue")
    assert book.find("i-1").name == "parcel overdue"
    assert book.find("i-1").definition.endswith("'parcel overdue'")
    assert book.edited
    with pytest.raises(UserError, match="is the name of i-2 already"):
        book.rename("i-1", "slow parcel")


def test_a_merge_keeps_the_first_and_remembers_the_others(book: Codebook) -> None:
    merged = book.merge(["i-1", "i-2"], "parcel overdue")
    assert (merged.id, merged.parents, merged.name) == ("i-1", ["i-2"], "parcel overdue")
    assert merged.examples == ["it came late", "so slow"]
    assert set(book.memory["issue_id"]) == {"i-1"}
    assert [i.id for i in book.issues] == ["i-1", "i-3", "i-4"]


@pytest.mark.parametrize(
    ("keys", "what"),
    [(["i-1"], "two issues"), (["i-1", "i-1"], "two issues"), (["i-1", "i-3"], "is a pain"),
     (["i-1", "i-4"], "gathers what fits no other"), (["i-1", "i-9"], "no issue has this name")],
)  # fmt: skip
def test_merges_that_make_no_sense(book: Codebook, keys: list[str], what: str) -> None:
    with pytest.raises(UserError, match=what):
        book.merge(keys)


def test_a_split_takes_memory_and_examples_along(book: Codebook) -> None:
    chosen = book.memory[book.memory["issue_id"] == "i-1"].assign(theme="late-delivery")
    made = book.split("i-1", "late twice", chosen[["kind", "theme", "text"]])
    assert made.parents == ["i-1"]
    assert made.examples == ["late again"]
    assert book.memory.set_index("text")["issue_id"]["late again"] == made.id


def test_hidden_and_shown_again(book: Codebook) -> None:
    assert book.hide("kind staff").status == "hidden"
    assert book.hide("kind staff", hidden=False).status == "known"


def test_an_added_issue_takes_mentions_of_every_theme(book: Codebook) -> None:
    made = book.add("drone delivery", "pain", "Parcels by drone", ["the drone dropped it"])
    assert made.anywhere
    learned = book.learned()
    assert set(learned.loc[learned["issue_id"] == made.id, "text"]) == {
        "drone delivery", "Parcels by drone", "the drone dropped it",
    }  # fmt: skip
    with pytest.raises(UserError, match="neither definition nor examples"):
        book.add("x y", "pain", "", [])
    with pytest.raises(UserError, match="unknown theme"):
        book.add("x y", "pain", "z", [], theme="lat-delivery")


def test_examples_that_a_person_wrote_outweigh_the_memory(book: Codebook) -> None:
    book.find("i-2").examples.append("late again")
    learned = book.learned().set_index("text")["issue_id"]
    assert learned["late again"] == "i-2"


def test_emerging_issues_are_known_to_the_next_run(book: Codebook) -> None:
    book.issues[0].status = "emerging"
    assert book.table()["status"].tolist() == ["known"] * 4


def test_a_codeframe_in_csv(tmp_path: Path) -> None:
    path = tmp_path / "frame.csv"
    path.write_text(
        "Name;Definition;Examples;Kind\nLate;Comes late;came late|so late;\nKind;Kind staff;;win\n"
    )
    book = import_codeframe(path)
    assert [(i.name, i.kind, i.examples) for i in book.issues] == [
        ("Late", "pain", ["came late", "so late"]), ("Kind", "win", []),
    ]  # fmt: skip
    assert load_codebook(path).issues == book.issues


def test_a_codeframe_in_yaml(tmp_path: Path) -> None:
    path = tmp_path / "frame.yaml"
    path.write_text("- name: Late\n  definition: Comes late\n  examples: [came late]\n")
    assert load_codebook(path).issues[0].name == "Late"


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("a.csv", "code2,definition\nx,y\n", "row 1: has no name"),
        ("a.csv", "name,definition,kind\nx,y,bad\n", "row 1: 'x': kind 'bad'"),
        ("a.csv", "name,definition\nx,y\nx,z\n", "row 2: 'x': is the name of"),
        ("a.csv", "name,definition\n", "holds no codes"),
        ("a.yaml", "codes: 3\n", "holds no list of codes"),
        ("codebook.yaml", "issues:\n- {id: a, kind: pain, name: x}\n- {id: a, kind: pain, name: y}\n", "occurs twice"),
        ("codebook.yaml", "issues:\n- {id: a, kind: pian, name: x}\n", "issues.0.kind"),
    ],
)  # fmt: skip
def test_wrong_files_say_where_and_what(tmp_path: Path, name: str, text: str, what: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=what):
        load_codebook(tmp_path / name)
