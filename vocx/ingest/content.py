"""A file's bytes, and what can be made of them: text, records of cells, JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
from charset_normalizer import from_bytes

from vocx.config import Columns
from vocx.errors import UserError

_DELIMITERS = ",;\t|"
MAX_CELL = 1_000_000  # characters; a longer cell is no comment
MAX_COLUMNS = 2_000
_HEAD = 200_000  # characters that tell a layout
_MANY_CONTROLS, _FEW = 0.06, 400  # share of control characters, of so many characters at least
_MANY_NULS = 0.02  # share of NUL characters from which content is binary
csv.field_size_limit(2**31 - 1)

_WESTERN = frozenset(
    "àâäæçéèêëîïôœöùûüÿñáíóúãõåøßÀÂÄÆÇÉÈÊËÎÏÔŒÖÙÛÜŸÑÁÍÓÚÃÕÅØ£€‘’“”–—…•°§©®´«»¿¡½¼¾·\xa0"
)
_QUOTES = 100  # quotes that never end, after which quotes are taken for plain characters
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
UNCLOSED = "row has a quote that never ends"
Reject = tuple[int, str, str]  # row number, reason, the row's text
Merge = tuple[int, str, str, str]  # the same, and the id of what says it already


@dataclass
class RawTable:
    """One file's rows before anything is known of its columns.

    Attributes
    ----------
    file : the file's name, below the folder or pattern that was given; of a member of an archive
        "archive.zip/member.csv". With folders where other files of one run have that name.
    frame : cells as given; the index is the row's number in the file, 1 for the first data row.
    rejects : rows that could not be read, or hold no customer's words.
    merged : rows that say again what another holds, whose id (or conversation) is the last part.
    digest : sha256 of the file's bytes.
    encoding : how its text was decoded; empty for binary formats.
    layout : whose export it is, as "Qualtrics survey"; empty for a plain table.
    columns : what the layout says of the columns.
    notes : what was assumed in reading it.
    among : whether it is one of several files of a folder, pattern or archive.
    twin : (what it is a version of, how good a version): of several only the best is read.
    """

    file: str
    frame: pd.DataFrame
    rejects: list[Reject] = field(default_factory=list)
    merged: list[Merge] = field(default_factory=list)
    digest: str = ""
    encoding: str = ""
    layout: str = ""
    columns: Columns = field(default_factory=Columns)
    notes: list[str] = field(default_factory=list)
    among: bool = False
    twin: tuple[str, int] | None = None

    def __post_init__(self) -> None:
        if self.frame.columns.has_duplicates:
            self.frame.columns = unique_names([str(c) for c in self.frame.columns])


class Content:
    """A file by name and bytes; its text, records and JSON are made when asked for.

    ``name`` is shown in messages and told in tables; its ending tells the kind of file.
    """

    def __init__(self, name: str, data: bytes):
        self.name = name
        self.data = data

    @property
    def suffix(self) -> str:
        """The ending of the file's name, lower-cased: ".csv"."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def text(self) -> str:
        """The bytes as text; UserError where they are none."""
        return self._decoded[0]

    @property
    def encoding(self) -> str:
        """The encoding that the text was in."""
        return self._decoded[1]

    @cached_property
    def _decoded(self) -> tuple[str, str]:
        text, encoding = decode(self.data)
        if "\0" in text:
            if text.count("\0") > _MANY_NULS * len(text):
                raise UserError(
                    f"{self.name}: is no text (it holds NUL bytes)", "export it as CSV or JSON"
                )
            text = text.replace("\0", "")
            encoding += ", NUL bytes left out"
        return text, encoding

    def check_text(self) -> None:
        """UserError where the text is no table: a page of the web, or bytes of something else."""
        head = self.text[:_HEAD]
        if re.match(r"\s*(?:<!doctype html|<html\b|<\?xml[^>]*>\s*<html)", head, re.I):
            raise UserError(
                f"{self.name}: is a page of the web (HTML), not a table",
                "sign in where it comes from, and download the file itself",
            )
        if len(_CONTROL.findall(head)) > _MANY_CONTROLS * max(len(head), _FEW):
            raise UserError(f"{self.name}: is no text", "export it as CSV or JSON")

    @cached_property
    def delimiter(self) -> str:
        """The delimiter that parts the first record into most cells."""
        head = io.StringIO(self.text[:20_000], newline="")
        first = head.getvalue()
        counts = {
            d: len(next(csv.reader(io.StringIO(first, newline=""), delimiter=d), []))
            for d in _DELIMITERS
        }
        return max(_DELIMITERS, key=lambda d: counts[d])

    @cached_property
    def head(self) -> list[list[str]]:
        """The first records of a delimited file: enough to tell its layout."""
        text = self.text[:_HEAD]
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter)
        return [record for _, record in zip(range(5), reader, strict=False)]

    @cached_property
    def records(self) -> tuple[list[list[str]], list[tuple[int, str]]]:
        """All records of a delimited file, and (place, line) of those with a quote that never ends.

        Such a quote would swallow the rest of the file: its line is set aside, and reading goes on.
        A line set aside is an empty record in its place.
        """
        lines = list(io.StringIO(self.text, newline=""))
        records: list[list[str]] = []
        broken: list[tuple[int, str]] = []
        at = 0
        while at < len(lines):
            plain = len(broken) > _QUOTES
            reader = csv.reader(
                lines[at:],
                delimiter=self.delimiter,
                quoting=csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL,
            )
            begins, found = [], []
            before = 0
            for record in reader:
                begins.append(at + before)
                found.append(record)
                before = reader.line_num
            last = begins[-1] if begins else at
            if not found or plain or not _open_quote(lines[last:], self.delimiter):
                return records + found, broken
            broken.append((len(records) + len(found) - 1, lines[last].rstrip("\r\n")))
            records += [*found[:-1], []]
            at = last + 1
        return records, broken

    @cached_property
    def json(self) -> Any:
        """What the text says as JSON, or as JSON lines; null where it is neither."""
        text = self.text.strip()
        if text[:1] not in ("{", "["):
            return None
        try:
            return mended(json.loads(text))
        except (json.JSONDecodeError, RecursionError):
            return None

    @cached_property
    def json_lines(self) -> tuple[list[tuple[int, Any]], list[Reject]]:
        """(line number, value) of each line that is JSON, and the lines that are none."""
        found, broken = [], []
        for number, line in enumerate(self.text.split("\n"), start=1):
            if not line.strip():
                continue
            try:
                found.append((number, mended(json.loads(line))))
            except json.JSONDecodeError as error:
                broken.append((number, f"line is no JSON: {error.msg}", line[:MAX_CELL]))
            except RecursionError:
                broken.append((number, "line is no JSON: nested too deep", line[:1000]))
        return found, broken


def _open_quote(lines: list[str], delimiter: str) -> bool:
    """Whether a record runs to the end of the file inside a quote."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def mended(value: Any) -> Any:
    """JSON content without lone surrogates, which no file can hold.

    >>> mended({"a": "x\\ud83d"})
    {'a': 'x\\ufffd'}
    """
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list):
        return [mended(v) for v in value]
    if isinstance(value, dict):
        return {whole(str(k)): mended(v) for k, v in value.items()}
    return value


def whole(text: str) -> str:
    """Text whose lone surrogates are replaced, or paired where they stand together."""
    if text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def decode(content: bytes) -> tuple[str, str]:
    """Text of a file and the encoding it was in: its mark, UTF-8, or the most likely other.

    A file of which most lines are UTF-8 and some are not is read line by line.

    >>> decode("café".encode("utf-16"))
    ('café', 'utf-16')
    >>> decode("naïve café\\nplain\\n".encode() * 3 + "café".encode("cp1252"))[1]
    'utf-8 with windows-1252 lines'
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace"), "utf-16"
    head = content[:4000]
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 3 and head[offset::2].count(0) > 0.4 * (len(head) // 2):
            return content.decode(name, errors="replace"), name
    try:
        return content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        pass
    lines = content.splitlines(keepends=True)
    foreign = [line for line in lines if not line.isascii()]
    read = [_utf8(line) for line in foreign]
    if sum(r is not None for r in read) > 0.5 * len(foreign):
        mixed = [(_utf8(x) or x.decode("cp1252", errors="replace")) for x in lines]
        return "".join(mixed).removeprefix("\ufeff"), "utf-8 with windows-1252 lines"
    western = content.decode("cp1252", errors="replace")
    high = [c for c in western if c > "\x7f"]
    if sum(c in _WESTERN for c in high) > 0.95 * len(high):
        return western, "windows-1252"
    best = from_bytes(content, cp_isolation=["cp1252", "latin_1", "cp1250", "mac_roman"]).best()
    encoding = best.encoding if best else "cp1252"
    return content.decode(encoding, errors="replace"), encoding


def _utf8(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


def unique_names(header: Sequence[object]) -> list[str]:
    """Column names as text, stripped, none of them empty or twice.

    >>> unique_names(["a", None, " a "]), unique_names(["a_3", "a", "a"])
    (['a', 'column_2', 'a_3'], ['a_3', 'a', 'a_3_'])
    """
    names = ["" if h is None else whole(str(h).strip()) for h in header]
    names = [n or f"column_{i + 1}" for i, n in enumerate(names)]
    found: list[str] = []
    taken, given = set(names), set()
    for i, name in enumerate(names):
        if name in given:
            name = f"{name}_{i + 1}"
            while name in taken:
                name += "_"
        taken.add(name)
        given.add(name)
        found.append(name)
    return found


def table_of(
    names: Sequence[str],
    records: Sequence[Sequence[object]],
    numbers: Sequence[int],
) -> tuple[pd.DataFrame, list[Reject]]:
    """Records as a frame under given names, and those with more cells than there are names.

    Records without any cell are left out; shorter ones are filled up with nothing.
    """
    rows, kept, rejects = [], [], []
    for number, record in zip(numbers, records, strict=True):
        cells = list(record)
        while len(cells) > len(names) and cells[-1] in (None, ""):
            cells.pop()
        if not any(c is not None and str(c).strip() for c in cells):
            continue
        shown = " | ".join("" if c is None else str(c) for c in cells)
        if len(cells) > len(names):
            reason = f"row has {len(cells)} cells, the header has {len(names)}"
            rejects.append((number, reason, shown[:MAX_CELL]))
        elif longest := next((c for c in cells if isinstance(c, str) and len(c) > MAX_CELL), None):
            reason = f"a cell has {len(longest):,} characters, more than {MAX_CELL:,}"
            rejects.append((number, reason, shown[:1000]))
        else:
            rows.append([*cells, *[None] * (len(names) - len(cells))])
            kept.append(number)
    frame = pd.DataFrame(rows, columns=list(names), index=kept, dtype=object)
    return frame.replace("", None), rejects


def plain_cell(value: Any) -> Any:
    """A cell as text or number: bytes decoded, lists and objects as JSON."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, (list, dict, tuple, set)) or type(value).__name__ == "ndarray":
        listed = list(value) if not isinstance(value, dict) else value
        return json.dumps(listed, default=str, ensure_ascii=False)
    return value


def check_width(name: str, n_columns: int) -> None:
    """UserError for a table too wide to be one of feedback."""
    if n_columns > MAX_COLUMNS:
        raise UserError(
            f"{name}: the table has {n_columns:,} columns, more than {MAX_COLUMNS:,}",
            "export one row for each feedback; is rows and columns exchanged, or the delimiter wrong?",
        )


_HTML = (
    "a abbr acronym address applet area article aside audio b base bdi bdo big blockquote body br button canvas caption "
    "center cite code col dd del details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form "
    "frame frameset h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link main map mark "
    "math meta meter nav noscript object ol optgroup option output p param picture pre progress q s samp script section "
    "select small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead "
    "time title tr track tt u ul var video wbr"
).replace(" ", "|")
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h\d)\b[^<>]*>", re.I)
_ANY_TAG = re.compile(rf"</?(?:{_HTML})(?:[\s/][^<>]*)?>", re.I)
_UNSEEN = re.compile(r"<(script|style|head|title)\b[^<>]*>|<!--", re.I)


def without_html(text: str) -> str:
    """Text without HTML tags, scripts and styles; breaks and paragraphs become new lines.

    >>> without_html("<p>Late <b>again</b></p><script>alert(1)</script>2 < 3")
    'Late again\\n2 < 3'
    """
    if "<" not in text:
        return text
    before = ""
    while before != text:  # a tag may appear when another is taken out
        before = text
        text = _ANY_TAG.sub("", _BREAK.sub("\n", _without_unseen(text)))
    return re.sub(r"\n\s*\n+", "\n", text).strip()


def _without_unseen(text: str) -> str:
    """Text without scripts, styles and comments; one that never ends takes its own tag alone."""
    low = text.lower()
    parts, at = [], 0
    while begins := _UNSEEN.search(text, at):
        parts.append(text[at : begins.start()])
        mark = f"</{begins.group(1).lower()}" if begins.group(1) else "-->"
        ends = low.find(mark, begins.end())
        if ends < 0:
            at = begins.end()
            if low.find("<", at) < 0:
                break
            rest = _UNSEEN.sub("", text[at:])
            return "".join([*parts, rest])
        closed = low.find(">", ends + len(mark) - (mark == "-->"))
        at = len(text) if closed < 0 else closed + 1
    return "".join([*parts, text[at:]])
