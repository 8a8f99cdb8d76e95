"""What a run is told: a pipeline file, or options of the command line, checked before any work."""

from __future__ import annotations

from glob import glob
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    ValidationError,
    field_validator,
    model_validator,
)

from vocx.errors import UserError, closest
from vocx.journey import DEFAULT_JOURNEY

Model = TypeVar("Model", bound=BaseModel)
Source = Literal["survey", "review", "transcript", "complaint", "social"]
Period = Literal["month", "quarter", "year"]
DEFAULT_MODEL = "voc-small"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Columns(_Strict):
    """Which column of the file holds what; what is not named is found by name and content."""

    text: str | None = None
    title: str | None = None
    id: str | None = None
    author: str | None = None
    time: str | None = None
    source: str | None = None
    channel: str | None = None
    language: str | None = None
    rating: str | None = None
    nps: str | None = None
    csat: str | None = None
    ces: str | None = None
    conversation: str | None = None
    speaker: str | None = None
    questions: list[str] | None = (
        None  # open questions of a survey: each answer is a feedback of its own
    )
    customers: list[str] | None = None  # speakers that are customers, where names do not tell
    groups: list[str] | None = None  # kept as x_*; not named: every column of few values


class Input(_Strict):
    """One input: a file, folder, pattern, archive or address, and what is known of it."""

    path: str
    source: Source | None = None
    columns: Columns = Field(default_factory=Columns)


class MiningConfig(_Strict):
    """How issues are found in the mentions."""

    min_feedback: int = Field(3, ge=2)  # voices a new issue needs
    detail: float = Field(4.25, gt=0)  # how finely mentions are told apart; more gives more issues
    sample: int = Field(30_000, ge=50)  # mentions per theme that the issues are learned on
    within_themes: bool = True  # false: issues are searched among all pains, and all wins, at once


class RunConfig(_Strict):
    """A whole run. Every field is a key of a pipeline file and of ``--set``."""

    name: str = "run"
    inputs: list[Input] = Field(default_factory=list)
    source: Source | None = None  # of inputs that do not say
    columns: Columns = Field(default_factory=Columns)  # for every input that does not say
    model: str = DEFAULT_MODEL
    journey: str = DEFAULT_JOURNEY
    codebook: str | None = None  # a run's folder, its codebook, or a codeframe, to start from
    labelled: str | None = None  # feedback like this with coders' labels, to correct counts by
    by: list[str] = Field(default_factory=list)  # columns to cut the matrix by
    period: Period | None = None
    suppress: int = Field(0, ge=0)  # cells of the matrix that fewer feedback tell of are left out
    redact: bool = True
    shard_size: int = Field(1000, ge=1)  # feedback per unit of work
    seed: int = 0
    workers: int = Field(0, ge=0)  # 0: as many as there are cores
    mine: MiningConfig = Field(default_factory=MiningConfig)

    @field_validator("by", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


class LabelSource(_Strict):
    """Coders' labels that train: a file of labelled feedback, or a folder of labels by digest.

    ``path`` may be a pattern of files, as `labels/posts*.jsonl`, that are as many sources. ``second`` is a Parquet table: digest of the text as given, stage, touchpoint, sentiment, emotion.
    """

    path: str
    weight: float = Field(1.0, gt=0)  # of a comment; what counts most is half of calibrating
    second: str | None = None  # a table of what a second coder said of them, by digest

    @model_validator(mode="before")
    @classmethod
    def _from_path(cls, given: Any) -> Any:
        return {"path": given} if isinstance(given, str) else given


class TrainConfig(_Strict):
    """A training run: `pipelines/train-*.yaml`."""

    name: str
    kind: Literal["transformer", "bag"] = "transformer"  # fine-tuned encoder, or vectors of tokens
    data: str  # the folder of the public data packs
    labels: list[LabelSource]
    exclude_licences: list[str] = Field(default_factory=list)
    holdout: str | None = None  # digests of texts that must not train
    encoder: str  # a folder with MiniLM's weights, or "package:NAME"
    start: str | None = None  # a model of that encoder whose weights are gone on from
    keep_start: float = Field(0.0, ge=0, lt=1)  # their share in a mean with what was learned
    packs: list[str] = Field(default_factory=list)  # whose own labels teach first
    pack_epochs: float = Field(1.0, ge=0)  # 0: only again, beside the coders' labels
    epochs: float = Field(6.0, gt=0)
    keep_meaning: bool = True  # texts that were alike to the encoder as it came stay so
    rate: float | None = Field(None, gt=0)  # at which it learns from coders, at most
    emphasis: dict[str, PositiveFloat] = Field(
        default_factory=dict
    )  # how often a task's loss counts
    checkpoints: str | None = None  # where a stopped training goes on from
    ngrams: bool = False  # heads read the words as they stand, too
    teachers: list[str] = Field(default_factory=list)  # models whose labels of texts teach
    teachers_vote: float = Field(0.0, ge=0, lt=1)  # their share where coders labelled
    unlabelled: int = Field(150_000, ge=0)  # how many comments, at most
    unrelated: int = Field(0, ge=0)  # how many short texts of the packs that are no feedback
    passages: int = Field(0, ge=0)  # how many parts of comments, the packs' and those of coders
    dimensions: int = Field(128, ge=8, le=384)  # of a small model's token vectors
    meaning: int = Field(64, ge=0, le=384)  # dimensions of its vectors of meaning; 0: none
    pairs: int = Field(2**15, ge=16)  # its bins of token pairs
    channels: int = Field(128, ge=4)  # values that a window of five tokens is read into
    hidden: int = Field(256, ge=8)  # width of its hidden layers
    evaluate: str | None = None  # labelled feedback that the card's scores come from
    out: str | None = None
    seed: int = 0


class CascadeConfig(_Strict):
    """A cascade of two models: `pipelines/train-cascade.yaml`."""

    name: str
    first: str  # the small model, by folder
    then: str  # the large one, that gets what the first doubts
    keep: float = Field(0.98, gt=0, le=1)  # of the large model's scores
    evaluate: str  # labelled feedback that the doubt is chosen on
    recipe: str | None = None  # whose calibrating comments tell the cascade's errors
    out: str | None = None


class ParserConfig(_Strict):
    """The parser that issues are named with: `pipelines/train-parser.yaml`."""

    name: str
    treebank: str  # a folder with UD English EWT, gzipped CoNLL-U
    width: int = Field(96, ge=8)  # of a token's vector
    epochs: int = Field(10, ge=1)
    out: str | None = None
    seed: int = 0


def read_yaml(path: Path) -> Any:
    """A YAML file's content, safe-loaded; UserError where it is missing or no YAML."""
    if not path.is_file():
        raise UserError(f"{path}: no such file", "check the path")
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise UserError(
            f"{path}: {line}not readable as YAML: {error.problem or error.context}",
            "put quotes around names that hold ?, :, # or commas, such as questions",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: not readable as YAML: {str(error).splitlines()[0]}", "mend the file"
        ) from None


def load_run_config(path: Path) -> RunConfig:
    """A pipeline file; paths in it are relative to the file."""
    content = read_yaml(path)
    if isinstance(content, dict):
        listed = content.get("inputs") or []
        listed = listed if isinstance(listed, list) else [listed]
        content["inputs"] = [{"path": i} if isinstance(i, str) else i for i in listed]
    config = checked(RunConfig, content, str(path))
    for entry in config.inputs:
        if "://" not in entry.path:
            entry.path = str((path.parent / entry.path).resolve())
    for key in ("journey", "model", "codebook", "labelled"):
        beside = path.parent / (getattr(config, key) or "")
        if getattr(config, key) and beside.exists():
            setattr(config, key, str(beside.resolve()))
    return config


class NamesConfig(_Strict):
    """The model that finds names of persons for masking: `pipelines/train-names.yaml`."""

    name: str
    data: str  # the folder of packs, whose comments tell where names stand
    lists: str  # the folder of packages that list names
    comments: int = Field(40_000, ge=100)  # of the packs, to learn from
    passes: int = Field(3, ge=1)  # over the comments, each with other names in them
    c: float = Field(0.3, gt=0)  # inverse of regularisation
    seed: int = 0
    out: str | None = None


def load_names_config(path: Path) -> NamesConfig:
    """A recipe of a model of names; paths in it are relative to the file."""
    config = checked(NamesConfig, read_yaml(path), str(path))
    for key in ("data", "lists", "out"):
        if value := getattr(config, key):
            setattr(config, key, str((path.parent / value).resolve()))
    return config


def is_names(path: Path) -> bool:
    """Whether a recipe is one of a model of names."""
    content = read_yaml(path)
    return isinstance(content, dict) and "lists" in content


def load_cascade_config(path: Path) -> CascadeConfig:
    """A recipe of a cascade; paths in it are relative to the file."""
    config = checked(CascadeConfig, read_yaml(path), str(path))
    for key in ("first", "then", "evaluate", "recipe", "out"):
        if value := getattr(config, key):
            setattr(config, key, str((path.parent / value).resolve()))
    return config


def load_parser_config(path: Path) -> ParserConfig:
    """A recipe of a parser; paths in it are relative to the file."""
    config = checked(ParserConfig, read_yaml(path), str(path))
    for key in ("treebank", "out"):
        if value := getattr(config, key):
            setattr(config, key, str((path.parent / value).resolve()))
    return config


def is_parser(path: Path) -> bool:
    """Whether a recipe is one of a parser."""
    content = read_yaml(path)
    return isinstance(content, dict) and "treebank" in content


def is_cascade(path: Path) -> bool:
    """Whether a recipe is one of a cascade."""
    content = read_yaml(path)
    return isinstance(content, dict) and "first" in content


def load_train_config(path: Path) -> TrainConfig:
    """A training recipe; paths in it are relative to the file."""
    config = checked(TrainConfig, read_yaml(path), str(path))
    here = path.parent
    config.labels = [each for source in config.labels for each in _sources(source, here, path)]
    for key in ("data", "holdout", "evaluate", "out", "checkpoints", "start"):
        if value := getattr(config, key):
            setattr(config, key, str((here / value).resolve()))
    config.teachers = [str((here / t).resolve()) for t in config.teachers]
    if not config.encoder.startswith("package:"):
        config.encoder = str((here / config.encoder).resolve())
    return config


def _sources(source: LabelSource, here: Path, recipe: Path) -> list[LabelSource]:
    """A source of labels with its paths resolved; one for each file where its path is a pattern."""
    if source.second:
        source.second = str((here / source.second).resolve())
    files = [str(here / source.path)]
    if "*" in source.path and not (files := sorted(glob(files[0]))):
        raise UserError(
            f"{recipe}: labels: no file is like '{source.path}'", "check the pattern and its folder"
        )
    return [source.model_copy(update={"path": str(Path(f).resolve())}) for f in files]


def with_settings(config: RunConfig, settings: dict[str, str]) -> RunConfig:
    """A config with dotted keys set from text, as ``--set mine.min_feedback=5`` gives them.

    >>> with_settings(RunConfig(), {"mine.min_feedback": "5"}).mine.min_feedback
    5
    """
    content = config.model_dump()
    for key, value in settings.items():
        place = content
        *parents, last = key.split(".")
        for parent in parents:
            if not isinstance(place.get(parent), dict):
                raise UserError(
                    f"--set {key}={value}: there is no key '{key}'",
                    closest(key, sorted(RunConfig.model_fields)),
                )
            place = place[parent]
        place[last] = _value(value)
        if isinstance(place[last], int | float) and not isinstance(place[last], bool):
            try:
                RunConfig.model_validate(content)
            except ValidationError:
                place[last] = value  # a name that looks like a number
    return checked(RunConfig, content, "--set")


def _value(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def checked(kind: type[Model], content: Any, where: str) -> Model:
    """Content as a config; the first thing wrong with it becomes a UserError with its place."""
    if not isinstance(content, dict):
        raise UserError(f"{where}: holds no keys", "write it as `key: value` lines")
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(p) for p in first["loc"])
        if first["type"] == "extra_forbidden":
            known = _fields_at(kind, first["loc"][:-1])
            raise UserError(
                f"{where}: unknown key '{key}'", closest(str(first["loc"][-1]), known)
            ) from None
        given = "" if first["type"] == "missing" else f", found {first.get('input')!r}"
        raise UserError(
            f"{where}: '{key}': {first['msg'].lower()}{given}", f"set '{key}' to a valid value"
        ) from None


def _fields_at(kind: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Names of the keys that are allowed at a place inside a config."""
    current: Any = kind
    for part in place:
        if isinstance(part, int):
            continue
        annotation = current.model_fields[part].annotation
        inner = [a for a in getattr(annotation, "__args__", ()) if hasattr(a, "model_fields")]
        current = inner[0] if inner else annotation
    return sorted(getattr(current, "model_fields", {}))
