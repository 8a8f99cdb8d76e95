"""The codebook: issues that stay, in a file that a person can read and edit.

``codebook.yaml`` holds what an issue is: its id, name, definition, examples, where it came from.
``codebook.parquet`` beside it is its memory: mentions that were put into each issue, by which the next
run knows them again. The memory may be missing; then the examples alone tell.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow.parquet as pq
import yaml
from pydantic import BaseModel, ConfigDict, Field

from vocx.config import checked, read_yaml
from vocx.errors import UserError, closest
from vocx.themes import load_themes

CODEBOOK = "codebook.yaml"
_MEMORY_COLUMNS = ["issue_id", "kind", "theme", "text"]
_EXAMPLES = 8
_REMEMBERED = 300  # different mentions of an issue, or of none in a theme, that the memory keeps
_HEAD = """\
# The issues of this run, for people to read and edit. Names, definitions and examples may be changed
# here, or by `vocx codebook`; ids stay. `vocx run ... --codebook THIS` starts from it.
"""


class CodedIssue(BaseModel):
    """One issue of a codebook."""

    model_config = ConfigDict(extra="forbid")
    id: str
    kind: Literal["pain", "win"]
    name: str = Field(min_length=1)
    theme: str | None = None
    definition: str = ""
    status: Literal["known", "emerging", "hidden"] = "known"
    general: bool = False  # what is said of its theme and of nothing particular
    anywhere: bool = False  # takes mentions of every theme: an issue of a team's own codeframe
    terms: list[str] = Field(default_factory=list)
    examples: list[str] = Field(default_factory=list)
    parents: list[str] = Field(default_factory=list)  # ids of issues that it was made of


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    vocx: str = ""
    edited: bool = False
    written: str = ""  # digest of the issues as vocx wrote them: tells whether a hand changed them
    history: list[str] = Field(default_factory=list)
    issues: list[CodedIssue]


@dataclass
class Codebook:
    """Issues with their ids, in the order they were found.

    Attributes
    ----------
    issues : every issue, hidden ones too.
    memory : mentions that runs have seen: issue_id (empty: of no issue), kind, theme, text.
    edited : whether a person has changed it since it was found.
    history : one line for each change.
    """

    issues: list[CodedIssue]
    memory: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=_MEMORY_COLUMNS))
    edited: bool = False
    history: list[str] = field(default_factory=list)

    def find(self, key: str) -> CodedIssue:
        """An issue by its id, or by its name; UserError where there is none, or two of a name."""
        hits = [i for i in self.issues if key in (i.id, i.name) or key.lower() == i.name.lower()]
        if len(hits) == 1:
            return hits[0]
        if hits:
            ids = ", ".join(f"{i.id} ({i.kind})" for i in hits)
            raise UserError(f"'{key}': several issues have this name", f"give an id: {ids}")
        names = {i.name.lower(): i.name for i in self.issues}
        near = get_close_matches(key.lower(), names, n=3, cutoff=0.5)
        remedy = " or ".join(f"'{names[n]}'" for n in near) or "see `vocx codebook list DIR --all`"
        raise UserError(
            f"'{key}': no issue has this name or id", f"did you mean {remedy}?" if near else remedy
        )

    def rename(self, key: str, name: str, definition: str | None = None) -> CodedIssue:
        """Another name, and definition where given; the id stays."""
        issue = self.find(key)
        self._free(name, issue.kind, issue.id)
        self._note(f"rename {issue.id} '{issue.name}' to '{name}'")
        issue.definition = issue.definition.replace(f"'{issue.name}'", f"'{name}'")
        issue.name = name
        if definition is not None:
            issue.definition = definition
        return issue

    def merge(self, keys: list[str], name: str | None = None) -> CodedIssue:
        """Several issues into the first of them, whose id stays; the others are its parents."""
        first, *others = (self.find(k) for k in keys)
        if not others or len({i.id for i in (first, *others)}) <= len(others):
            raise UserError(
                "merge: needs two issues or more", "vocx codebook merge DIR ISSUE ISSUE"
            )
        wrong = next((i for i in others if i.kind != first.kind), None)
        if wrong:
            raise UserError(
                f"merge: '{first.name}' is a {first.kind}, '{wrong.name}' a {wrong.kind}",
                "merge issues of one kind",
            )
        gathers = next((i for i in (first, *others) if i.general), None)
        if gathers:
            raise UserError(
                f"merge: '{gathers.name}' gathers what fits no other issue of its theme",
                "merge particular issues, or hide it",
            )
        if name:
            self._free(name, first.kind, *(i.id for i in (first, *others)))
        for other in others:
            self._note(f"merge {other.id} '{other.name}' into {first.id} '{first.name}'")
            first.parents = [*first.parents, other.id, *other.parents]
            first.examples += [e for e in other.examples if e not in first.examples]
            first.anywhere = first.anywhere or other.anywhere or other.theme != first.theme
            self.issues.remove(other)
        first.terms = list(dict.fromkeys([*first.terms, *(t for o in others for t in o.terms)]))[:6]
        self.memory["issue_id"] = self.memory["issue_id"].replace([o.id for o in others], first.id)
        if name:
            self.rename(first.id, name)
        return first

    def split(self, key: str, name: str, members: pd.DataFrame) -> CodedIssue:
        """A new issue out of one, of the mentions given (kind, theme, text)."""
        old = self.find(key)
        if members.empty:
            raise UserError(f"split: nothing of '{old.name}' fits", "give other words or examples")
        texts = list(dict.fromkeys(members["text"]))
        new = self._new(name, old.kind, old.theme, "", texts[:5], [old.id])
        new.anywhere = old.anywhere
        gone = (self.memory["issue_id"] == old.id) & self.memory["text"].isin(texts)
        mine = members.assign(issue_id=new.id)[_MEMORY_COLUMNS].drop_duplicates()
        self.memory = pd.concat([self.memory[~gone], mine], ignore_index=True)
        old.examples = [e for e in old.examples if e not in set(texts)]
        self._note(f"split {new.id} '{name}' from {old.id} '{old.name}': {len(members)} mentions")
        return new

    def hide(self, key: str, hidden: bool = True) -> CodedIssue:
        """Leave an issue out of matrix and report, or take it in again; its mentions stay its own."""
        issue = self.find(key)
        issue.status = "hidden" if hidden else "known"
        self._note(f"{'hide' if hidden else 'show'} {issue.id} '{issue.name}'")
        return issue

    def add(
        self, name: str, kind: str, definition: str, examples: list[str], theme: str | None = None
    ) -> CodedIssue:
        """A new issue, told by its definition and a few examples."""
        if kind not in ("pain", "win"):
            raise UserError(
                f"'{name}': kind '{kind}' is neither pain nor win", "set it to pain or win"
            )
        if theme is not None and theme not in load_themes():
            raise UserError(
                f"'{name}': unknown theme '{theme}'", closest(theme, sorted(load_themes()))
            )
        if not examples and not definition:
            raise UserError(
                f"'{name}': has neither definition nor examples", "add one or the other"
            )
        issue = self._new(name, kind, theme, definition, examples, [])
        issue.anywhere = theme is None
        self._note(f"add {issue.id} '{name}'")
        return issue

    def learned(self) -> pd.DataFrame:
        """All that tells issues: remembered mentions, examples, and of new ones name and definition."""
        told: list[tuple[str, str, str | None, str]] = []
        with_memory = set(self.memory["issue_id"])
        for i in self.issues:
            if i.general:
                continue
            own = [] if i.id in with_memory else [i.name, i.definition]
            told += [(i.id, i.kind, i.theme, text) for text in [*i.examples, *own] if text]
        placed = self.memory[self.memory["issue_id"].isin(self._particular())]
        frame = pd.concat([placed, pd.DataFrame(told, columns=_MEMORY_COLUMNS)])
        return frame.drop_duplicates(["kind", "theme", "text"], keep="last", ignore_index=True)

    def seen(self) -> pd.DataFrame:
        """Remembered mentions that were of a general issue, or of none (an empty issue_id)."""
        placed = self.memory["issue_id"].isin(self._particular())
        return self.memory[~placed].reset_index(drop=True)

    def _particular(self) -> list[str]:
        return [i.id for i in self.issues if not i.general]

    def table(self) -> pd.DataFrame:
        """The issues as rows, as the miner knows them; emerging ones are known from now on."""
        rows = [i.model_dump() for i in self.issues]
        frame = pd.DataFrame(rows, columns=list(CodedIssue.model_fields))
        frame["status"] = frame["status"].replace("emerging", "known")
        return frame.rename(columns={"id": "issue_id"}).drop(columns="examples")

    @property
    def digest(self) -> str:
        """sha256 of everything in it."""
        memory = self.memory.sort_values(_MEMORY_COLUMNS).to_csv(index=False)
        return sha256((_yaml(self, "") + memory).encode()).hexdigest()

    def _new(
        self, name: str, kind: str, theme: str | None, definition: str, examples: list[str], parents: list[str]
    ) -> CodedIssue:  # fmt: skip
        self._free(name, kind)
        seed = f"{kind}\x1f{theme or ''}\x1f{name}\x1f{len(self.history)}"
        key = "i-" + sha256(seed.encode()).hexdigest()[:10]
        issue = CodedIssue(id=key, kind=kind, name=name, theme=theme, definition=definition,
                           examples=list(examples), parents=parents)  # fmt: skip
        self.issues.append(issue)
        return issue

    def _free(self, name: str, kind: str, *own: str) -> None:
        """UserError for a name that is empty, or that another issue of the kind has."""
        if not name.strip():
            raise UserError("an issue needs a name", "give it 2 to 5 words")
        for i in self.issues:
            if i.kind == kind and i.name.lower() == name.lower() and i.id not in own:
                raise UserError(f"'{name}': is the name of {i.id} already", "merge the two, or choose another name")  # fmt: skip

    def _note(self, line: str) -> None:
        self.edited = True
        self.history.append(line)


def continued(
    book: Codebook | None, issues: pd.DataFrame, members: pd.DataFrame, quotes: dict[str, str]
) -> Codebook:
    """The codebook that a run ends with.

    Known issues stay as they were told, with the run's examples after their own; ``issues`` is the run's
    table, ``members`` the mentions seen, ``quotes`` texts by segment id.
    """
    told = {i.id: i for i in book.issues} if book else {}
    coded = []
    for i in issues.itertuples():
        before = told.get(i.issue_id)
        own = list(before.examples) if before else []
        fresh = [quotes[e] for e in i.examples if e in quotes]
        coded.append(
            CodedIssue(
                id=i.issue_id, kind=i.kind, name=i.name, theme=i.theme, definition=i.definition,
                status=i.status, general=i.general, anywhere=i.anywhere, terms=list(i.terms),
                parents=list(i.parents), examples=list(dict.fromkeys([*own, *fresh]))[:_EXAMPLES],
            )
        )  # fmt: skip
    heads = members.groupby(["issue_id", "kind", "theme"], sort=False, dropna=False)
    memory = heads.head(_REMEMBERED)[_MEMORY_COLUMNS]
    memory = memory.astype(object).where(memory.notna(), None).reset_index(drop=True)
    history = book.history if book else []
    return Codebook(coded, memory, book.edited if book else False, list(history))


def save_codebook(book: Codebook, path: Path, version: str) -> None:
    """``path`` as YAML, and the memory beside it as Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    aside.write_text(_HEAD + _yaml(book, version), encoding="utf-8")
    aside.replace(path)
    frame = book.memory.astype(object).where(book.memory.notna(), None)
    frame.to_parquet(path.with_suffix(".parquet"), index=False, compression="zstd")


def _yaml(book: Codebook, version: str) -> str:
    defaults: dict[str, Any] = {
        name: f.get_default(call_default_factory=True)
        for name, f in CodedIssue.model_fields.items()
    }
    listed = [
        {k: v for k, v in i.model_dump().items() if k in ("id", "kind", "name") or v != defaults[k]}
        for i in book.issues
    ]
    content = {
        "vocx": version, "edited": book.edited, "written": _digest(book.issues),
        "history": book.history, "issues": listed,
    }  # fmt: skip
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def _digest(issues: list[CodedIssue]) -> str:
    told = json.dumps([i.model_dump() for i in issues], ensure_ascii=False)
    return sha256(told.encode()).hexdigest()[:12]


def load_codebook(path: Path) -> Codebook:
    """A codebook file, or the codebook of a run folder."""
    file = path / CODEBOOK if path.is_dir() else path
    if not file.is_file():
        raise UserError(
            f"{file}: no such codebook", "give a run's folder, its codebook.yaml, or a codeframe"
        )
    if file.suffix.lower() in (".csv", ".tsv"):
        return import_codeframe(file)
    content = read_yaml(file)
    if isinstance(content, list) or (isinstance(content, dict) and "id" not in _first(content)):
        return import_codeframe(file)
    found = checked(_File, content, str(file))
    seen: set[str] = set()
    for issue in found.issues:
        if issue.id in seen:
            raise UserError(
                f"{file}: id {issue.id} occurs twice", "give each issue an id of its own"
            )
        seen.add(issue.id)
    memory = pd.DataFrame(columns=_MEMORY_COLUMNS)
    beside = file.with_suffix(".parquet")
    if beside.is_file():
        memory = pq.read_table(beside).to_pandas()
        memory = memory.astype(object).where(memory.notna(), None)
        memory = memory[memory["issue_id"].isin(seen | {""})].reset_index(drop=True)
    by_hand = bool(found.written) and found.written != _digest(found.issues)
    return Codebook(found.issues, memory, found.edited or by_hand, found.history)


def _first(content: dict[str, Any]) -> dict[str, Any]:
    listed = content.get("issues") or [{}]
    return listed[0] if isinstance(listed[0], dict) else {}


def import_codeframe(path: Path) -> Codebook:
    """A team's codeframe as a codebook: fixed issues that take mentions of every theme.

    A CSV or YAML list of codes, each with a name, and a definition, examples, or both. Of a CSV the
    columns are name, definition, kind, and examples (or several that begin so), an example per line
    or parted by ``|``. Without a kind a code is a pain.
    """
    book = Codebook([])
    for row, entry in enumerate(_entries(path), start=1):
        name = str(entry.get("name") or entry.get("code") or entry.get("label") or "").strip()
        if not name:
            raise UserError(f"{path}: row {row}: has no name", "add a column `name`")
        examples: list[str] = []
        for column, value in entry.items():
            if column.startswith("example") and value:
                parts = (
                    value if isinstance(value, list) else str(value).replace("|", "\n").split("\n")
                )
                examples += [str(p).strip() for p in parts if str(p).strip()]
        told = str(entry.get("definition") or entry.get("description") or "").strip()
        kind = str(entry.get("kind") or "pain").strip().lower()
        try:
            book.add(name, kind, told, examples)
        except UserError as error:
            raise UserError(f"{path}: row {row}: {error.what}", error.remedy) from None
    if not book.issues:
        raise UserError(f"{path}: holds no codes", "list codes with name, definition, examples")
    book.history = [f"import {len(book.issues)} codes from {path.name}"]
    return book


def _entries(path: Path) -> list[dict[str, Any]]:
    if path.suffix.lower() in (".csv", ".tsv"):
        frame = pd.read_csv(path, dtype=str, sep=None, engine="python", keep_default_na=False)
        frame.columns = [str(c).strip().lower() for c in frame.columns]
        return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
    content = read_yaml(path)
    listed = content if isinstance(content, list) else next(
        (content[k] for k in ("codes", "issues", "themes") if isinstance(content, dict) and k in content), None
    )  # fmt: skip
    if not isinstance(listed, list) or not all(isinstance(e, dict) for e in listed):
        raise UserError(f"{path}: holds no list of codes", "write `- name: ...` with definition and examples")  # fmt: skip
    return [{str(k).lower(): v for k, v in e.items()} for e in listed]
