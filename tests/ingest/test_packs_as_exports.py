"""Real feedback, rewritten into the layouts of known exports, goes in whole; needs the data packs."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from conftest import SHARED

from vocx.config import Input
from vocx.ingest import ingest

DATA = SHARED / "data"
TEXTS = {
    "absa": "acos_quads", "airline_tweets": "airline_tweets", "app_reviews_labelled": "app_reviews",
    "banking77": "banking77", "bitext_customer_support": "with_responses", "booking_pos_neg": "booking",
    "cfpb_complaints": "cfpb", "clinc150": "clinc150_full", "goemotions": "goemotions", "mams": "mams_atsa",
    "nhs_fft_survey": "fft_phase1", "reviews_rated": "reviews", "reviews_unrated": "reviews", "sst": "sst5",
    "survey_open_ends": "open_ends", "tweeteval": "emotion",
}  # fmt: skip
TALKS = {
    "abcd_sample": ("abcd_sample", "convo_id"), "dailydialog": ("dailydialog", "dialogue_id"),
    "meld": ("meld", "dialogue_id"), "multidogo": ("turn_level", "conversation_id"),
    "star_dialogues": ("star", "dialogue_id"), "twcs": ("twcs_sample", "conversation_id"),
}  # fmt: skip
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the data packs are not there")


def texts_of(pack: str) -> list[str]:
    frame = pd.read_parquet(DATA / pack / f"{TEXTS[pack]}.parquet")
    texts = frame["text"].dropna().map(lambda t: " ".join(str(t).split()))
    texts = texts[texts.str.count(r"[^\W\d_]{2,}") >= 3].drop_duplicates()
    return texts.sample(min(150, len(texts)), random_state=0).tolist()


def qualtrics(path: Path, texts: list[str]) -> Path:
    ids = ["StartDate", "Status", "RecordedDate", "ResponseId", "Q1"]
    asked = ["Start Date", "Response Type", "Recorded Date", "Response ID", "What happened?"]
    with open(path / "q.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerows([ids, asked, [json.dumps({"ImportId": i}) for i in ids]])
        for i, text in enumerate(texts):
            out.writerow(
                ["2026-03-01 10:00:00", "IP Address", "2026-03-01 10:01:00", f"R_{i}", text]
            )
    return path / "q.csv"


def google_play(path: Path, texts: list[str]) -> Path:
    names = ["Package Name", "Reviewer Language", "Review Last Update Millis Since Epoch", "Star Rating", "Review Title", "Review Text", "Review Link"]  # fmt: skip
    with open(path / "g.csv", "w", newline="", encoding="utf-16") as file:
        out = csv.writer(file)
        out.writerow(names)
        for i, text in enumerate(texts):
            out.writerow(
                ["com.x", "en", 1769932800000 + i, 1 + i % 5, "", text, f"https://x?reviewId={i}"]
            )
    return path / "g.csv"


def zendesk(path: Path, talks: list[list[tuple[bool, str]]]) -> Path:
    tickets = [
        {"id": i, "requester_id": 1, "comments": [
            {"author_id": 1 if mine else 2, "public": True, "body": text, "created_at": f"2026-03-01T10:{k:02d}:00Z"}
            for k, (mine, text) in enumerate(talk)]}
        for i, talk in enumerate(talks)
    ]  # fmt: skip
    (path / "z.json").write_text(json.dumps({"tickets": tickets}), encoding="utf-8")
    return path / "z.json"


def genesys(path: Path, talks: list[list[tuple[bool, str]]]) -> Path:
    calls = [
        {"conversationId": f"c{i}", "transcripts": [{"phrases": [
            {"text": text, "startTimeMs": 1769932800000 + k, "participantPurpose": "external" if mine else "internal"}
            for k, (mine, text) in enumerate(talk)]}]}
        for i, talk in enumerate(talks)
    ]  # fmt: skip
    (path / "g.json").write_text(json.dumps(calls), encoding="utf-8")
    return path / "g.json"


@pytest.mark.parametrize("write", [qualtrics, google_play])
@pytest.mark.parametrize("pack", TEXTS)
def test_comments_go_in_whole(
    pack: str, write: Callable[[Path, list[str]], Path], tmp_path: Path
) -> None:
    texts = texts_of(pack)
    found = ingest([Input(path=str(write(tmp_path, texts)))], redacting=False)
    report = found.files[0]
    assert report.rows == len(texts) == report.taken + report.merged + report.rejected
    assert report.rejected == 0
    assert len(found.feedback) == report.taken


@pytest.mark.parametrize("write", [zendesk, genesys])
@pytest.mark.parametrize("pack", TALKS)
def test_conversations_go_in_whole(
    pack: str, write: Callable[[Path, list[list[tuple[bool, str]]]], Path], tmp_path: Path
) -> None:
    file, key = TALKS[pack]
    frame = pd.read_parquet(DATA / pack / f"{file}.parquet")
    frame = frame[frame["text"].fillna("").str.strip() != ""]
    chosen = frame[key].drop_duplicates().head(30)
    talks = [
        [(k % 2 == 0, " ".join(str(t).split())) for k, t in enumerate(turns["text"].head(40))]
        for _, turns in frame[frame[key].isin(chosen)].groupby(key, sort=False)
    ]
    found = ingest([Input(path=str(write(tmp_path, talks)))], redacting=False)
    report = found.files[0]
    n_turns = sum(map(len, talks))
    assert report.rows == n_turns == report.taken + report.merged + report.rejected
    assert report.rejected == 0
    assert report.taken == len(found.feedback) == len(talks)
