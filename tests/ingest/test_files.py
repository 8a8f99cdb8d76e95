import json
from pathlib import Path

import pandas as pd
import pytest

from vocx.config import Input
from vocx.errors import UserError
from vocx.ingest import ingest
from vocx.ingest.content import RawTable, decode
from vocx.ingest.origins import list_files, raw_tables

ROWS = [{"id": "1", "text": "Late again, sadly"}, {"id": "2", "text": "Très bien “really”"}]


def read_raw(path: Path) -> RawTable:
    [table] = raw_tables(str(path))
    return table


def written(path: Path) -> Path:
    frame = pd.DataFrame(ROWS)
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".tsv":
        frame.to_csv(path, index=False, sep="\t")
    elif path.suffix == ".json":
        path.write_text(json.dumps({"meta": {"n": 2}, "rows": ROWS}))
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(r) for r in ROWS))
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_excel(path, index=False)
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "json", "jsonl", "parquet", "xlsx"])
def test_every_kind_gives_the_same_rows(tmp_path: Path, kind: str) -> None:
    raw = read_raw(written(tmp_path / f"feedback.{kind}"))
    assert raw.frame[["id", "text"]].astype(str).to_dict("records") == ROWS
    assert raw.frame.index.tolist() == [1, 2]
    assert len(raw.digest) == 64


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_found(encoding: str) -> None:
    words = "id;Kommentar\n1;Schöne Lampe, aber die Lieferung kam viel zu spät – “ärgerlich”\n"
    assert decode(words.encode(encoding))[0] == words


def test_semicolons_quotes_and_newlines_inside_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id;text\n1;"two\nlines; and ""quotes"""\n')
    assert read_raw(path).frame["text"].tolist() == ['two\nlines; and "quotes"']


def test_a_row_with_too_many_cells_is_rejected_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text\n1,fine then\n2,oops, a comma\n3,good\n")
    raw = read_raw(path)
    assert raw.frame.index.tolist() == [1, 3]
    assert raw.rejects == [(2, "row has 3 cells, the header has 2", "2 | oops |  a comma")]


def test_a_broken_json_line_is_rejected_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "ok then"}\n{"text": \n[1]\n')
    raw = read_raw(path)
    assert len(raw.frame) == 1
    assert [r[0] for r in raw.rejects] == [2, 3]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", "", "the file is empty"),
        ("header.csv", "id,text\n", "the table is empty"),
        ("a.docx", "x", "no kind of file"),
        ("bad.json", '{"a": ', "line 1: not JSON"),
        ("bad.xlsx", "no workbook", "not readable as XLSX"),
        ("bad.parquet", "no parquet", "not readable as Parquet"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(UserError, match=message) as error:
        read_raw(path)
    assert name in error.value.what


def test_missing_file_and_folder_without_data(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        list_files(str(tmp_path / "nowhere.csv"))
    with pytest.raises(UserError, match="holds no data file"):
        list_files(str(tmp_path))


def test_a_folder_is_read_in_order_of_names(tmp_path: Path) -> None:
    for name in ("b.csv", "a.jsonl"):
        written(tmp_path / name)
    (tmp_path / "notes.md").write_text("not data")
    assert [p.name for p in list_files(str(tmp_path))] == ["a.jsonl", "b.csv"]


def test_the_header_may_stand_below_a_title(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "Q3 survey export,,\n,,\nid,text,nps\n1,It came late,3\n2,Fine now,9\n"
    )
    assert list(read_raw(tmp_path / "t.csv").frame.columns) == ["id", "text", "nps"]


def test_a_row_that_holds_only_a_zero_is_a_row(tmp_path: Path) -> None:
    pd.DataFrame({"comment": [None, "ok then"], "nps": [0, 9]}).to_excel(
        tmp_path / "z.xlsx", index=False
    )
    assert len(read_raw(tmp_path / "z.xlsx").frame) == 2


def test_nested_json_is_found_and_flattened(tmp_path: Path) -> None:
    content = {"data": {"items": [{"id": 1, "review": {"body": "Never again", "stars": 1}}]}}
    (tmp_path / "n.json").write_text(json.dumps(content))
    frame = read_raw(tmp_path / "n.json").frame
    assert frame.to_dict("records") == [{"id": 1, "review.body": "Never again", "review.stars": 1}]


@pytest.mark.parametrize("content", ["5", "null", "[]"])
def test_json_without_objects(tmp_path: Path, content: str) -> None:
    (tmp_path / "n.json").write_text(content)
    with pytest.raises(UserError):
        read_raw(tmp_path / "n.json")


def test_a_folder_skips_hidden_files_lock_files_and_runs(tmp_path: Path) -> None:
    written(tmp_path / "a.csv")
    for name in (".hidden.csv", "~$a.xlsx", "readme.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "run" / "feedback").mkdir(parents=True)
    (tmp_path / "run" / "manifest.json").write_text("{}")
    written(tmp_path / "run" / "issues.parquet")
    assert [p.name for p in list_files(str(tmp_path))] == ["a.csv"]


def test_a_file_of_comments_without_a_header_loses_none(tmp_path: Path) -> None:
    lines = [
        "The parcel came nine days late.",
        "Lovely kettle, quick delivery.",
        "App crashes every time.",
    ]
    (tmp_path / "comments.txt").write_text("\n".join(lines))
    found = ingest([Input(path=str(tmp_path / "comments.txt"))])
    assert found.feedback["text"].tolist() == lines
    assert any("no header" in a for a in found.files[0].assumptions)


def test_headers_in_other_languages_are_known(tmp_path: Path) -> None:
    (tmp_path / "de.csv").write_text(
        "Ref;Wann;Bewertung;Rückmeldung\n1;03.04.2026;2;The parcel came late again.\n2;13.04.2026;5;Lovely kettle.\n"
    )
    file = ingest([Input(path=str(tmp_path / "de.csv"))]).files[0]
    assert file.columns == {
        "text": "Rückmeldung",
        "id": "Ref",
        "time": "Wann",
        "rating": "Bewertung",
    }
