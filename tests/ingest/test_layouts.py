"""Every known layout, by a fixture written to its published form: who is recognised, what is counted."""

import gzip
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from vocx.config import Columns, Input
from vocx.errors import UserError
from vocx.ingest import Ingested, ingest

EXPORTS = Path(__file__).parent.parent / "data" / "exports"

# fixture: layout, rows in, taken, rejected, merged
COUNTS = {
    "qualtrics.csv": ("Qualtrics survey", 7, 6, 1, 0),
    "qualtrics_legacy.csv": ("Qualtrics survey", 3, 2, 1, 0),
    "surveymonkey.csv": ("SurveyMonkey survey", 4, 3, 1, 0),
    "surveymonkey.xlsx": ("SurveyMonkey survey", 4, 3, 1, 0),
    "typeform.csv": ("Typeform survey", 7, 7, 0, 0),
    "google_forms.csv": ("Google Forms survey", 5, 4, 1, 0),
    "several_questions.csv": ("", 5, 4, 1, 0),
    "google_play.csv": ("Google Play reviews", 4, 3, 0, 1),
    "app_store.json": ("App Store reviews", 3, 2, 1, 0),
    "trustpilot.csv": ("Trustpilot reviews", 3, 3, 0, 0),
    "yelp.json": ("Yelp reviews", 3, 2, 1, 0),
    "amazon.jsonl": ("Amazon reviews", 2, 2, 0, 0),
    "contact_lens": ("Amazon Connect Contact Lens", 8, 1, 0, 7),
    "cx_insights.json": ("Google CX Insights", 5, 1, 1, 3),
    "genesys.json": ("Genesys Cloud transcript", 3, 1, 0, 2),
    "zendesk.json": ("Zendesk tickets", 5, 2, 1, 2),
    "intercom.json": ("Intercom conversations", 5, 1, 2, 2),
    "call.vtt": ("subtitles with speakers", 4, 1, 1, 2),
    "call.srt": ("subtitles with speakers", 3, 1, 0, 2),
    "whatsapp.txt": ("chat", 7, 1, 2, 4),
    "thread.mbox": ("e-mail", 3, 2, 1, 0),
}


def read(name: str | Path, **columns: str) -> Ingested:
    return ingest([Input(path=str(EXPORTS / name), columns=Columns(**columns))])


@pytest.mark.parametrize("name", COUNTS)
def test_every_row_is_taken_rejected_or_merged(name: str) -> None:
    found = read(name)
    layout, rows, taken, rejected, merged = COUNTS[name]
    assert {f.layout for f in found.files} == {layout}
    told = [
        sum(getattr(f, k) for f in found.files) for k in ("rows", "taken", "rejected", "merged")
    ]
    assert told == [rows, taken, rejected, merged]
    assert rows == taken + rejected + merged
    assert len(found.feedback) == taken
    assert found.rejects["merged_into"].isna().sum() == rejected


def test_all_fixtures_are_counted() -> None:
    assert {p.name for p in EXPORTS.iterdir()} == set(COUNTS)


def test_a_survey_keeps_questions_scores_and_time_and_leaves_out_who_and_where() -> None:
    found = read("qualtrics.csv").feedback.set_index("source_id")
    first = found.loc["R_1aBcDeFgHiJkLmN/1"]
    assert first["prompt"] == "What is the main reason for your score?"
    assert first["nps"] == 3
    assert first["created_at"] == pd.Timestamp(
        "2026-03-02T15:14:03Z"
    )  # Denver is seven hours behind
    assert "\n" in found.loc["R_2aBcDeFgHiJkLmN/1", "text"]
    assert not found.loc["R_5aBcDeFgHiJkLmN/1", "meaningful"]  # n/a
    kept = found.astype(object).map(str).to_numpy().ravel()
    assert not any("203.0.113" in cell or "51.5" in cell for cell in kept)


def test_an_answer_without_words_keeps_its_score() -> None:
    found = read("surveymonkey.csv").feedback
    silent = found[found["text"] == ""]
    assert silent["nps"].tolist() == [6]
    assert silent["csat"].tolist() == [0.5]


def test_the_last_version_of_a_review_counts_and_the_link_is_kept() -> None:
    found = read("google_play.csv")
    texts = found.feedback["text"].tolist()
    assert any("works again" in t for t in texts)
    assert not any("Crashes whenever" in t for t in texts)
    merged = found.rejects[found.rejects["merged_into"].notna()]
    assert merged["merged_into"].iloc[0] in set(found.feedback["feedback_id"])


def test_a_language_that_the_model_does_not_speak_is_set_aside_and_counted() -> None:
    found = read("google_play.csv")
    german = found.feedback[found.feedback["language"] == "de"]
    assert german["meaningful"].tolist() == [False]
    assert found.files[0].other_languages == {"de": 1}


def test_the_redacted_version_of_a_call_wins() -> None:
    found = read("contact_lens")
    assert "[PII]" in found.feedback["text"].iloc[0]
    assert "555-0134" not in found.feedback["text"].iloc[0]
    into = found.rejects["merged_into"].dropna().unique().tolist()
    assert into == found.feedback["feedback_id"].tolist()


@pytest.mark.parametrize(
    ("name", "words", "absent"),
    [
        ("zendesk.json", "Thank you, that was quick.", "offer a voucher"),
        ("intercom.json", "The one I gave you in January.\nI have told you twice.", "third invoice issue"),
        ("whatsapp.txt", "Leeds.\nI paid on Monday.", "omitted"),
        ("call.vtt", "The lift in my building has been out since Monday.", "recorded line"),
        ("genesys.json", "and the box was open", "\x00"),
        ("cx_insights.json", "second time this year", "billing"),
    ],
)  # fmt: skip
def test_only_what_was_said_to_each_other_is_read(name: str, words: str, absent: str) -> None:
    texts = "\n".join(read(name).feedback["text"])
    assert words in texts
    assert absent not in texts


def test_customers_turns_are_told_from_agents() -> None:
    turns = read("genesys.json").feedback["turns"].iloc[0]
    assert [t["speaker"] for t in turns] == ["agent", "customer", "customer"]
    first = read("zendesk.json").feedback.set_index("source_id").loc["3501"]
    assert [t["speaker"] for t in first["turns"]] == ["customer", "agent", "customer"]
    assert first["csat"] == 1.0


def test_a_description_is_not_counted_beside_its_comment() -> None:
    text = read("zendesk.json").feedback.set_index("source_id").loc["3501", "text"]
    assert text.count("I ordered a large and got a small.") == 1


def test_mail_is_cut_to_the_senders_words() -> None:
    texts = read("thread.mbox").feedback["text"].tolist()
    assert texts[1] == "Three days and no answer.\nDo I have to come to the shop?"
    assert texts[0].endswith("I would like the fourth.")
    assert not any("iPhone" in t or "received your message" in t for t in texts)


def test_what_a_pipeline_says_of_columns_wins() -> None:
    found = read("several_questions.csv", text="What could be better?")
    assert len(found.feedback) == 3
    assert found.feedback["prompt"].isna().all()


def test_archives_folders_and_patterns_give_the_same_feedback(tmp_path: Path) -> None:
    plain = read("yelp.json").feedback
    packed = tmp_path / "yelp.json.gz"
    packed.write_bytes(gzip.compress((EXPORTS / "yelp.json").read_bytes()))
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(EXPORTS / "yelp.json", "reviews/yelp.json")
        archive.writestr("__MACOSX/._yelp.json", b"x")
        archive.writestr("notes.pdf", b"x")
    for path in (packed, tmp_path / "all.zip", f"{EXPORTS}/ye*.json"):
        found = ingest([Input(path=str(path))]).feedback
        assert found["text"].tolist() == plain["text"].tolist()
        assert found["feedback_id"].tolist() == plain["feedback_id"].tolist()


def test_object_storage_is_read_through_fsspec() -> None:
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://exports/yelp.json", "wb") as file:
        file.write((EXPORTS / "yelp.json").read_bytes())
    found = ingest([Input(path="memory://exports/yelp.json")])
    assert len(found.feedback) == 2
    with pytest.raises(UserError, match=r"memory://exports/none\.json"):
        ingest([Input(path="memory://exports/none.json")])


def test_a_table_of_a_database_is_read_by_its_address(tmp_path: Path) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    url = f"sqlite:///{tmp_path}/shop.db"
    frame = pd.DataFrame(
        {"id": [1, 2], "comment": ["The lamp came broken", "Quick and friendly help"]}
    )
    frame.to_sql("answers", sqlalchemy.create_engine(url), index=False)
    assert len(ingest([Input(path=f"{url}#answers")]).feedback) == 2
    with pytest.raises(UserError, match="no table is named"):
        ingest([Input(path=url)])
    with pytest.raises(UserError, match="there is no table 'none'"):
        ingest([Input(path=f"{url}#none")])


def test_a_broken_file_among_others_is_a_rejected_row(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("comment\nThe lamp came broken\nNobody answers the phone\n")
    (tmp_path / "bad.json").write_text("{")
    found = ingest([Input(path=str(tmp_path))])
    assert len(found.feedback) == 2
    assert found.rejects["source_file"].tolist() == ["bad.json"]
    assert found.rejects["reason"].iloc[0].startswith("file not read: line 1: not JSON")
    with pytest.raises(UserError, match="not JSON"):
        ingest([Input(path=str(tmp_path / "bad.json"))])
