from pathlib import Path

import pandas as pd
import pytest

from vocx.config import Columns, Input
from vocx.errors import UserError
from vocx.ingest import ingest


def saved(frame: pd.DataFrame, path: Path) -> Input:
    frame.to_csv(path, index=False)
    return Input(path=str(path))


def test_rows_are_taken_merged_or_rejected_and_the_sums_agree(tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    path.write_text(
        '{"conversation_id": "a", "speaker": "customer", "text": "Where is my order?"}\n'
        '{"conversation_id": "a", "speaker": "agent", "text": "On its way"}\n'
        '{"conversation_id": "b", "speaker": "agent", "text": "Anybody there?"}\n'
        '{"conversation_id": null, "speaker": "customer", "text": "Lost turn"}\n'
        "{broken\n"
    )
    found = ingest([Input(path=str(path))])
    report = found.files[0]
    assert (report.rows, report.taken, report.merged, report.rejected) == (5, 1, 1, 3)
    assert report.rows == report.taken + report.merged + report.rejected
    assert set(found.rejects["reason"]) == {
        "conversation without a customer's turn",
        "turn without a conversation id",
        "line is no JSON: Expecting property name enclosed in double quotes",
    }


def test_non_answers_are_taken_but_not_meaningful(tmp_path: Path, comments: pd.DataFrame) -> None:
    found = ingest([saved(comments, tmp_path / "c.csv")]).feedback
    assert found["meaningful"].tolist() == [True, True, False, True]


def test_a_blank_row_is_rejected_unless_it_has_a_score(
    tmp_path: Path, comments: pd.DataFrame
) -> None:
    comments["comment"] = ["Late and broken when it came", None, None, "Fine so far, thank you"]
    comments["score"] = [1, 5, None, 4]
    found = ingest([saved(comments, tmp_path / "c.csv")])
    assert found.feedback["source_row"].tolist() == [1, 2, 4]
    assert found.rejects["source_row"].tolist() == [3]


def test_ids_do_not_depend_on_the_order_of_rows(tmp_path: Path, comments: pd.DataFrame) -> None:
    del comments["id"]
    one = ingest([saved(comments, tmp_path / "c.csv")]).feedback
    two = ingest([saved(comments.iloc[::-1], tmp_path / "d.csv")]).feedback
    assert dict(zip(one["text"], one["feedback_id"], strict=True)) == dict(
        zip(two["text"], two["feedback_id"], strict=True)
    )


def test_a_repeat_is_merged_and_a_reused_id_is_not(tmp_path: Path, comments: pd.DataFrame) -> None:
    again = comments.copy()
    again.loc[0, "comment"] = "Something else entirely happened to me"
    found = ingest([saved(comments, tmp_path / "a.csv"), saved(again, tmp_path / "b.csv")])
    assert len(found.feedback) == 5
    assert found.feedback["feedback_id"].is_unique
    assert found.rejects["reason"].tolist() == [f"repeats row {n} of a.csv" for n in (2, 3, 4)]
    assert found.rejects["merged_into"].isin(found.feedback["feedback_id"]).all()
    assert [(f.rows, f.taken, f.merged) for f in found.files] == [(4, 4, 0), (4, 1, 3)]


def test_the_same_author_with_the_same_words_is_one_voice(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "comment": ["My parcel never came!", "my parcel never came", "My parcel never came!"],
            "customer": ["C1", "C1", "C2"],
        }
    )
    found = ingest([saved(rows, tmp_path / "a.csv")])
    assert (found.files[0].taken, found.files[0].merged) == (2, 1)


def test_a_review_that_was_passed_on_counts_once(tmp_path: Path) -> None:
    long = "The kettle leaks at the handle and the shop has not answered in two whole weeks."
    for name in ("a.csv", "b.csv"):
        rows = pd.DataFrame({"review": [long, "Fine kettle for the price"], "rating": [1, 5]})
        rows.to_csv(tmp_path / name, index=False)
    found = ingest([Input(path=str(tmp_path))])
    assert len(found.feedback) == 3
    assert [f.merged for f in found.files] == [0, 1]


def test_two_people_may_say_the_same(tmp_path: Path) -> None:
    rows = pd.DataFrame({"comment": ["Good"] * 3 + [None] * 40 + ["It came very late"], "nps": [9] * 43 + [2]})  # fmt: skip
    found = ingest([saved(rows, tmp_path / "jan.csv"), saved(rows, tmp_path / "feb.csv")])
    assert len(found.feedback) == 88
    assert found.feedback["feedback_id"].is_unique
    assert found.rejects.empty


def test_files_of_one_name_and_any_order_give_the_same_ids(tmp_path: Path) -> None:
    inputs = []
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
        rows = pd.DataFrame({"id": [1, 2], "comment": [f"Late parcel in {folder}", f"Rude staff in {folder}"]})  # fmt: skip
        inputs.append(saved(rows, tmp_path / folder / "export.csv"))
    one, two = ingest(inputs).feedback, ingest(inputs[::-1]).feedback
    assert one["feedback_id"].is_unique
    assert dict(zip(one["text"], one["feedback_id"], strict=True)) == dict(
        zip(two["text"], two["feedback_id"], strict=True)
    )


def test_other_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for folder in ("north/new", "south/new"):
        (tmp_path / folder).mkdir(parents=True)
        rows = pd.DataFrame({"comment": [f"Late parcel in the {folder}"], "nps": [len(folder)]})
        rows.to_csv(tmp_path / folder / "export.csv", index=False)
    files = [Input(path=str(tmp_path / f / "new" / "export.csv")) for f in ("north", "south")]
    told = ["north/new/export.csv", "south/new/export.csv"]
    for inputs in (files, [Input(path=str(tmp_path / "*" / "new" / "*.csv"))]):
        found = ingest(inputs)
        assert sorted(found.feedback["source_file"]) == told
        assert sorted({f.file for f in found.files}) == told
    folders = [Input(path=str(tmp_path / f)) for f in ("north", "south")]
    assert sorted(ingest(folders).feedback["source_file"]) == told
    patterns = [Input(path=str(tmp_path / f / "new" / "*.csv")) for f in ("north", "south")]
    assert sorted(ingest(patterns).feedback["source_file"]) == told
    assert ingest(files[:1]).feedback["source_file"].tolist() == ["export.csv"]
    with pytest.raises(UserError, match=r"export\.csv: the file is given twice"):
        ingest([*files, Input(path=str(tmp_path / "north" / "new"))])


def test_the_score_of_a_conversation_may_stand_on_its_last_turn(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "conversation_id": ["a", "a", "b", "b"],
            "speaker": ["customer", "agent"] * 2,
            "text": ["Where is it?", "On its way", "It is broken", "So sorry"],
            "csat": [None, 4, None, 1],
        }
    )
    assert ingest([saved(rows, tmp_path / "c.csv")]).feedback["csat"].tolist() == [0.75, 0.0]


def test_agents_words_of_no_conversation_are_rejected(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "who": ["Customer", "Agent"] * 3,
            "line": [f"The app crashed on day {i}" for i in range(6)],
        }
    )
    found = ingest([saved(rows, tmp_path / "c.csv")])
    assert found.feedback["source_row"].tolist() == [1, 3, 5]
    assert (
        found.rejects["reason"].tolist()
        == ["an agent's words, of no conversation that is told"] * 3
    )
    assert "columns.conversation=COLUMN" in "".join(found.files[0].assumptions)


def test_a_file_of_marked_lines_is_one_conversation(tmp_path: Path) -> None:
    told = (
        "Agent: How can I help?\nCustomer: The app crashes.\n\nAgent: Sorry.\nCustomer: Every day."
    )
    (tmp_path / "call.txt").write_text(told, encoding="utf-8")
    found = ingest([Input(path=str(tmp_path / "call.txt"))]).feedback
    assert found["source"].tolist() == ["transcript"]
    assert [t["speaker"] for t in found["turns"][0]] == ["agent", "customer"] * 2


def test_the_same_words_with_another_score_are_another_answer(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {"customer": ["C1"] * 3, "comment": ["The delivery was late again."] * 3, "nps": [2, 9, 9]}
    )
    found = ingest([saved(rows, tmp_path / "a.csv")])
    assert sorted(found.feedback["nps"]) == [2, 9]
    assert len(found.rejects) == 1


def test_each_answer_to_several_open_questions_is_a_feedback(tmp_path: Path) -> None:
    asked = ["What did you like most about us?", "What should we improve?"]
    rows = pd.DataFrame(
        {
            asked[0]: [f"The kettle number {i} is very quiet indeed" for i in range(8)],
            asked[1]: [f"parcel {i} was late again" for i in range(8)],
        }
    )
    found = ingest([saved(rows, tmp_path / "c.csv")])
    assert found.feedback["prompt"].value_counts().to_dict() == dict.fromkeys(asked, 8)
    assert found.feedback["feedback_id"].is_unique
    assert found.files[0].rows == 16


def test_personal_data_in_groups_and_ids_is_masked(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "Respondent": [f"jo{i}@example.com" for i in range(9)],
            "comment": [f"Order {i} came in a wet box" for i in range(9)],
            "Manager": ["bob@corp.example +44 7700 900120", "sue@corp.example", "bob@corp.example"]
            * 3,
        }
    )
    found = ingest([saved(rows, tmp_path / "c.csv")])
    assert "@" not in found.feedback.to_csv()
    assert found.feedback["source_id"].is_unique


def test_groups_that_look_like_persons_stay_apart_in_all_files(tmp_path: Path) -> None:
    towns = ["Austin", "Dallas", "Charlotte", "Leeds"]
    inputs = []
    for name in ("a.csv", "b.csv"):
        rows = pd.DataFrame({"comment": [f"The parcel {i} came in a wet box" for i in range(40)],
                             "City": towns * 10, "nps": [10, 0, 5, 8] * 10})  # fmt: skip
        inputs.append(saved(rows, tmp_path / name))
    found = ingest(inputs)
    groups = found.feedback.groupby("x_city")["nps"]
    assert sorted(groups.first()) == [0, 5, 8, 10]
    assert (groups.size() == 20).all()
    assert any("values look like personal data" in a for f in found.files for a in f.assumptions)


def test_authors_become_pseudonyms_and_text_is_masked(
    tmp_path: Path, comments: pd.DataFrame
) -> None:
    comments["customer_name"] = ["Ann Oak"] * 4
    comments.loc[0, "comment"] += " Mail ann@example.com"
    found = ingest([saved(comments, tmp_path / "c.csv")])
    assert found.feedback["author_id"].nunique() == 1
    assert "Ann" not in found.feedback.to_csv()
    assert "[EMAIL]" in found.feedback["text"][0]
    assert found.masked == {"EMAIL": 1}


def test_no_redaction_must_be_asked_for(tmp_path: Path, comments: pd.DataFrame) -> None:
    comments.loc[0, "comment"] += " Mail ann@example.com"
    found = ingest([saved(comments, tmp_path / "c.csv")], redacting=False)
    assert "ann@example.com" in found.feedback["text"][0]


def test_mojibake_is_mended(tmp_path: Path, comments: pd.DataFrame) -> None:
    comments.loc[0, "comment"] = "It doesnâ€™t work and the cafÃ© was shut"
    found = ingest([saved(comments, tmp_path / "c.csv")]).feedback
    assert found["text"][0] == "It doesn't work and the café was shut"


def test_lost_values_are_told(tmp_path: Path, comments: pd.DataFrame) -> None:
    comments["nps"] = [10, 9, 8, 99]
    columns = Columns(nps="nps")
    comments.to_csv(tmp_path / "c.csv", index=False)
    report = ingest([Input(path=str(tmp_path / "c.csv"), columns=columns)]).files[0]
    assert any("1 values are no nps" in a and "row 4" in a for a in report.assumptions)


def test_nothing_taken_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"conversation_id": "a", "speaker": "agent", "text": "Hello there"}\n'
                    '{"conversation_id": "b", "speaker": "customer", "text": ""}\n')  # fmt: skip
    with pytest.raises(UserError, match="no row could be taken"):
        ingest([Input(path=str(path))])
