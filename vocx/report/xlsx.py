"""The run as a workbook: matrix, issues, mentions with quotes, feedback, and what it rests on."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from vocx.journey import Journey
from vocx.runs import Run, counted_mentions
from vocx.themes import theme_title

_EPOCH = datetime.datetime(2020, 1, 1)
_HEAD = PatternFill("solid", fgColor="1E3550")
_HEAT = {"pain": "B22234", "win": "0E7466"}
_LIMIT = 1_000_000  # rows of a sheet; what is beyond is in the Parquet tables


def write_xlsx(run: Run, facts: dict[str, Any], journey: Journey, path: Path) -> None:
    """The workbook; text is never a formula, and the same run gives the same bytes."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for kind in ("pain", "win"):
        _matrix_sheet(book, facts, kind)
    _table_sheet(book, "Issues", _issue_rows(run), {"name": 34, "definition": 70, "terms": 40})
    _table_sheet(book, "Cells", _cell_rows(run), {"theme": 30, "issue": 34, "group": 24})
    if len(run.effects):
        _table_sheet(book, "Costs", _effect_rows(run), {"theme": 30, "issue": 34})
    _table_sheet(book, "Scores", _score_rows(run), {"group": 24})
    _table_sheet(
        book, "Mentions", _mention_rows(run, journey), {"text": 80, "theme": 28, "issue": 28}
    )
    _table_sheet(book, "Feedback", _feedback_rows(run), {"text": 90})
    _table_sheet(book, "About", _about_rows(facts), {"what": 34, "value": 90})
    book.properties.created = book.properties.modified = _EPOCH
    buffer = io.BytesIO()
    book.save(buffer)
    path.write_bytes(_undated(buffer.getvalue()))


def _matrix_sheet(book: Workbook, facts: dict[str, Any], kind: str) -> None:
    sheet = book.create_sheet(f"Matrix {kind}s")
    grain = facts["matrices"][kind]["themes"]
    titles = {s["name"]: s["title"] for s in facts["stages"]}
    _append(sheet, ["stage", *(c["title"] for c in grain["columns"])])
    for stage in facts["matrices"][kind]["stages"]:
        cells = [grain["cells"].get(f"{stage}|{c['id']}", {}).get("n") for c in grain["columns"]]
        _append(sheet, [titles[stage], *cells])
    _head(sheet, {"stage": 18})
    sheet.row_dimensions[1].height = 130
    for cell in list(sheet[1])[1:]:
        cell.alignment = Alignment(text_rotation=60, vertical="bottom")
        sheet.column_dimensions[cell.column_letter].width = 6
    sheet.freeze_panes = "B2"
    last = f"{get_column_letter(max(2, len(grain['columns']) + 1))}{max(2, sheet.max_row)}"
    rule = ColorScaleRule("num", 0, "FFFFFF", None, None, None, "max", None, _HEAT[kind])
    sheet.conditional_formatting.add(f"B2:{last}", rule)


def _issue_rows(run: Run) -> pd.DataFrame:
    issues = run.issues
    quote = run.segments.set_index("segment_id")["text"]
    return pd.DataFrame(
        {
            "issue_id": issues["issue_id"],
            "name": issues["name"],
            "kind": issues["kind"],
            "theme": issues["theme"].map(theme_title),
            "voices": issues["n_feedback"],
            "mentions": issues["n_segments"],
            "severity": issues["severity"].round(2),
            "polarity": issues["polarity"].round(2),
            "first seen": issues["first_seen"],
            "last seen": issues["last_seen"],
            "terms": issues["terms"].map(", ".join),
            "definition": issues["definition"],
            "example": [quote.get(e[0]) if len(e) else None for e in issues["examples"]],
        }
    )


def _cell_rows(run: Run) -> pd.DataFrame:
    """The matrix in long form, with intervals, corrected counts and impact."""
    names = run.issues.set_index("issue_id")["name"]
    cells = run.matrix
    out = cells.assign(theme=cells["theme"].map(theme_title), issue=cells["issue_id"].map(names))
    columns = ["stage", "theme", "issue", "kind", "n_feedback", "share", "share_low", "share_high", "n_corrected",
               "n_corrected_low", "n_corrected_high", "severity", "polarity", "top_emotion", "impact", "impact_low",
               "impact_high", "group", "period"]  # fmt: skip
    return _rounded(out[columns])


def _effect_rows(run: Run) -> pd.DataFrame:
    """What each theme and issue costs, those that cost most first."""
    names = run.issues.set_index("issue_id")["name"]
    rows = run.effects.sort_values(["score", "level", "rank"], kind="stable")
    rows = rows.assign(theme=rows["theme"].map(theme_title), issue=rows["issue_id"].map(names))
    columns = ["score", "level", "rank", "rank_low", "rank_high", "stage", "theme", "issue", "kind", "n_told", "n_scored", "share",
               "impact", "impact_low", "impact_high", "naive", "effect", "effect_low", "effect_high", "p", "q"]  # fmt: skip
    return _rounded(rows[columns])


def _score_rows(run: Run) -> pd.DataFrame:
    return _rounded(run.scores)


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = frame.select_dtypes("float").columns
    return frame.assign(**{c: frame[c].astype(float).round(4) for c in numbers})


def _mention_rows(run: Run, journey: Journey) -> pd.DataFrame:
    found = run.segments[run.segments["kind"].isin(["pain", "win"])]
    names = run.issues.set_index("issue_id")["name"]
    source = run.feedback.set_index("feedback_id")
    counted = counted_mentions(run.segments, journey, run.thresholds).set_index("segment_id")
    return pd.DataFrame(
        {
            "segment_id": found["segment_id"],
            "source": found["feedback_id"].map(source["source"]),
            "source id": found["feedback_id"].map(source["source_id"]),
            "when": found["feedback_id"].map(source["created_at"]),
            "text": found["text"],
            "kind": found["kind"],
            "counted at": found["segment_id"].map(counted["stage"]),
            "stage": found["stage"],
            "stage score": found["stage_score"].round(3),
            "touchpoint": found["touchpoint"],
            "theme": found["theme"].map(theme_title),
            "theme score": found["theme_score"].round(3),
            "issue": found["issue_id"].map(names),
            "severity": found["severity"],
            "emotion": found["emotion"],
            "polarity": found["polarity"].round(2),
        }
    )


def _feedback_rows(run: Run) -> pd.DataFrame:
    groups = [c for c in run.feedback.columns if c.startswith("x_")]
    columns = ["feedback_id", "source", "source_file", "source_row", "source_id", "created_at",
               "channel", *groups, "text", "rating", "nps", "csat", "ces", "stage", "stage_score",
               "touchpoint", "sentiment", "polarity", "emotion"]  # fmt: skip
    rows = run.feedback[columns].copy()
    for column in ("rating", "csat", "ces", "stage_score", "polarity"):
        rows[column] = rows[column].astype(float).round(3)
    return rows


def _about_rows(facts: dict[str, Any]) -> pd.DataFrame:
    scope, rows = facts["scope"], []
    for entry in scope["files"]:
        counts = ", ".join(f"{entry[k]} {k}" for k in ("rows", "taken", "merged", "rejected"))
        rows.append((entry["file"], counts))
        rows += [(entry["file"], note) for note in entry["assumptions"]]
    rows += [(f"coverage: {k.replace('_', ' ')}", str(v)) for k, v in scope["coverage"].items()]
    rows += [
        ("model", f"{scope['model']['name']} {scope['model']['digest']}"),
        ("vocx", scope["vocx"]),
        ("journey", facts["journey"]["name"]),
        ("counts", "distinct feedback; labels the model is unsure of are left out of the matrix"),
    ]
    return pd.DataFrame(rows, columns=["what", "value"])


def _table_sheet(book: Workbook, title: str, frame: pd.DataFrame, widths: dict[str, int]) -> None:
    sheet = book.create_sheet(title)
    _append(sheet, list(frame.columns))
    for row in frame.head(_LIMIT).itertuples(index=False):
        _append(sheet, row)
    _head(sheet, widths)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _append(sheet: Worksheet, values: Iterable[Any]) -> None:
    sheet.append([_cell(sheet, v) for v in values])


def _cell(sheet: Worksheet, value: Any) -> Any:
    """A value as a cell; text is typed as text, so that "=1+1" stays what a customer wrote."""
    if value is None or (not isinstance(value, list | str) and pd.isna(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.tz_localize(None).to_pydatetime().replace(microsecond=0)
    if not isinstance(value, str):
        return value.item() if hasattr(value, "item") else value
    cell: Cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value)[:32_000])
    cell.data_type = "s"
    return cell


def _head(sheet: Worksheet, widths: dict[str, int]) -> None:
    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = _HEAD
        sheet.column_dimensions[cell.column_letter].width = widths.get(str(cell.value), 15)


def _undated(content: bytes) -> bytes:
    """The archive with every entry's date fixed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = _fixed_times(data)
            info = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, data)
    return out.getvalue()


def _fixed_times(core: bytes) -> bytes:
    import re

    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2020-01-01T00:00:00Z", core)
