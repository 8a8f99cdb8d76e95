import pandas as pd
import pytest

from vocx.config import Columns
from vocx.errors import UserError
from vocx.ingest.columns import recognise


def survey() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Response ID": [f"R{i}" for i in range(9)],
            "Ended on": ["2026-01-02"] * 9,
            "Completed at": ["2026-01-02 10:00"] * 9,
            "Region": ["North", "South", "North"] * 3,
            "How likely are you to recommend us to a friend?": range(1, 10),
            "Why?": [f"because the parcel number {i} was really quite late" for i in range(9)],
        },
        dtype=object,
    )


def test_odd_headers_are_found_by_name_and_content() -> None:
    found = recognise(survey(), Columns(), "s.csv")
    assert found.roles["text"] == "Why?"
    assert found.roles["id"] == "Response ID"
    assert found.roles["nps"].startswith("How likely")
    assert found.roles["time"] == "Completed at"
    assert found.groups == ["Region"]
    assert found.ignored == ["Ended on"]


def test_named_columns_win_and_their_spelling_may_differ() -> None:
    found = recognise(survey(), Columns(text="why", groups=["region"]), "s.csv")
    assert found.roles["text"] == "Why?"
    assert found.groups == ["Region"]


def test_unknown_column_lists_those_there_are() -> None:
    with pytest.raises(UserError, match=r"s\.csv: there is no column 'Comment'") as error:
        recognise(survey(), Columns(text="Comment"), "s.csv")
    assert "Why?" in error.value.remedy


def test_a_table_of_numbers_has_no_words() -> None:
    with pytest.raises(UserError, match="no column looks like customers' words"):
        recognise(pd.DataFrame({"a": [1, 2], "b": [3, 4]}), Columns(), "n.csv")


def test_a_rating_out_of_range_is_no_rating() -> None:
    frame = survey().assign(rating=range(900, 909))
    assert "rating" not in recognise(frame, Columns(), "s.csv").roles


def test_a_score_column_with_too_few_numbers_is_told() -> None:
    words = pd.Series(["9", "eleven", "ten", "n/a", "8", "none", "?", "-", "six"])
    found = recognise(
        survey().drop(columns=[survey().columns[4]]).assign(NPS=words), Columns(), "s.csv"
    )
    assert "nps" not in found.roles
    assert found.misfits == {"nps": "NPS"}
    assert recognise(survey().assign(NPS=words), Columns(), "s.csv").misfits == {}


def test_headers_in_other_scripts_are_told_apart() -> None:
    frame = pd.DataFrame({"番号": ["1", "2"], "コメント": ["it came too late", "good and quiet"]})
    assert recognise(frame, Columns(text="コメント"), "jp.csv").roles["text"] == "コメント"


def test_a_column_to_keep_is_kept_whatever_it_holds() -> None:
    frame = survey().assign(Store=[f"Store {i}" for i in range(9)])
    assert "Store" in recognise(frame, Columns(), "s.csv", keep=["store"]).groups


@pytest.mark.parametrize(("role", "name"), [
    ("nps", "Likelihood to recommend"), ("nps", "LTR"), ("nps", "Would you recommend us (0-10)?"), ("nps", "Recommendation score"),
    ("nps", "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?"), ("nps", "Weiterempfehlung"),
    ("nps", "Nous recommanderiez-vous ?"), ("nps", "¿Recomendaría nuestra empresa?"), ("csat", "Zufriedenheit"),
])  # fmt: skip
def test_scores_are_known_by_what_they_are_called(role: str, name: str) -> None:
    table = survey().rename(columns={"How likely are you to recommend us to a friend?": name})
    assert recognise(table, Columns(), "s.csv").roles[role] == name


def calls() -> pd.DataFrame:
    said = [
        "The parcel I ordered is late again",
        "Sorry to hear that, madam",
        "And nobody answers my mails",
    ]
    return pd.DataFrame({"Call": [f"C{i // 3}" for i in range(12)], "Says": ["Customer", "Agent", "Customer"] * 4,
                         "Utterance": [f"{t} {i}" for i, t in enumerate(said * 4)]}, dtype=object)  # fmt: skip


@pytest.mark.parametrize("name", ["Call Ref", "Case ID", "Interaction ID", "ticket_no", "Gespräch", "Vorfall"])  # fmt: skip
def test_who_speaks_and_in_which_conversation_is_told_by_the_cells(name: str) -> None:
    found = recognise(calls().rename(columns={"Call": name}), Columns(), "c.csv").roles
    assert (found["conversation"], found["speaker"]) == (name, "Says")


def test_a_kind_of_respondent_is_no_speaker() -> None:
    table = survey().assign(Kind=["Member", "Staff", "Member"] * 3)
    found = recognise(table, Columns(), "s.csv")
    assert not {"speaker", "conversation"} & set(found.roles)
    assert found.groups == ["Region", "Kind"]
    assert found.roles["id"] == "Response ID"
