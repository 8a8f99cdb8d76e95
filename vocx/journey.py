"""Journeys: named ways to cut the life of a customer into stages, kept as YAML."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vocx.errors import UserError, closest
from vocx.schema import STAGES

DEFAULT_JOURNEY = "vocx-10"
_LEAST_EXAMPLES = 3


class Stage(BaseModel):
    """One stage of a journey: its name, what it is, and the fine stages it covers, or examples."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1)
    title: str = ""
    definition: str = Field(min_length=1)
    covers: list[str] = Field(default_factory=list)
    examples: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _known(self) -> Stage:
        if bool(self.covers) == bool(self.examples):
            raise ValueError(f"stage '{self.name}' needs either covers or examples")
        if self.examples and len(self.examples) < _LEAST_EXAMPLES:
            raise ValueError(
                f"stage '{self.name}' has {len(self.examples)} examples, needs {_LEAST_EXAMPLES}"
            )
        unknown = [s for s in self.covers if s not in STAGES]
        if unknown:
            raise ValueError(
                f"stage '{self.name}' covers '{unknown[0]}', which is no fine stage; "
                + closest(unknown[0], list(STAGES))
            )
        return self


class Journey(BaseModel):
    """A journey: stages in the order a customer passes them."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1)
    title: str = ""
    description: str = ""
    stages: list[Stage] = Field(min_length=2)

    @model_validator(mode="after")
    def _partition(self) -> Journey:
        names = [s.name for s in self.stages]
        twice = [n for n in names if names.count(n) > 1]
        if twice:
            raise ValueError(f"stage '{twice[0]}' stands twice")
        if len({bool(s.examples) for s in self.stages}) > 1:
            raise ValueError("either all stages have covers, or all have examples")
        covered = [fine for s in self.stages for fine in s.covers]
        twice = [f for f in covered if covered.count(f) > 1]
        if twice:
            raise ValueError(f"fine stage '{twice[0]}' is covered by two stages")
        return self

    @property
    def stage_names(self) -> list[str]:
        """Names of the stages, in order."""
        return [s.name for s in self.stages]

    @property
    def by_examples(self) -> bool:
        """Whether the stages are told by examples, and not by the fine stages they cover."""
        return bool(self.stages[0].examples)

    def stages_of(self, rows: pd.DataFrame, threshold: float) -> pd.Series:
        """The stage of this journey of feedback or segments; null where unsure or in none.

        ``threshold`` is the score from which on a fine stage is sure.
        """
        if self.by_examples:
            return rows["journey_stage"]
        return rows["stage"].map(self.of_fine).where(rows["stage_score"] >= threshold)

    @property
    def of_fine(self) -> dict[str, str]:
        """Fine stage to the stage of this journey that holds it; fine stages left out are absent.

        >>> load_journey("customer-goals").of_fine["purchase"]
        'acquire'
        """
        return {fine: stage.name for stage in self.stages for fine in stage.covers}


@dataclass(frozen=True)
class JourneyFile:
    """Where a journey is kept."""

    name: str
    path: Path


def shipped_journeys() -> list[JourneyFile]:
    """The journeys that ship, the default first."""
    folder = Path(str(files("vocx"))) / "journeys"
    found = [JourneyFile(p.stem, p) for p in sorted(folder.glob("*.yaml"))]
    return sorted(found, key=lambda j: (j.name != DEFAULT_JOURNEY, j.name))


def load_journey(name_or_path: str) -> Journey:
    """A shipped journey by its name, or a team's own by the path of its YAML file.

    Raises UserError where there is no such journey, or its file is not a valid one.
    """
    shipped = {j.name: j.path for j in shipped_journeys()}
    path = shipped.get(name_or_path, Path(name_or_path))
    if not path.is_file():
        raise UserError(
            f"unknown journey '{name_or_path}': neither a shipped journey nor a file",
            closest(name_or_path, list(shipped)) + ", or the path of a YAML file",
        )
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: not readable as YAML: {str(error).splitlines()[0]}", "mend the file"
        ) from None
    try:
        return Journey.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(p) for p in first["loc"]) or "the file"
        message = first["msg"].removeprefix("Value error, ")
        raise UserError(
            f"{path}: {where}: {message}",
            "a journey has a name and stages, each with name, definition and covers or examples; "
            "see `vocx journeys show vocx-10`",
        ) from None
