"""Themes: the general things customers complain of or praise in any trade, kept as YAML."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict


class Theme(BaseModel):
    """One theme of a codebook."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    kind: str
    title: str
    definition: str
    verdict: bool = False  # what a customer concludes ("will not return"), not what from


def _file(name: str) -> Path:
    return Path(str(files("vocx"))) / "codebooks" / f"{name}.yaml"


def themes_digest(name: str = "cx") -> str:
    """sha256 of a codebook's file."""
    return sha256(_file(name).read_bytes()).hexdigest()


@lru_cache
def load_themes(name: str = "cx") -> dict[str, Theme]:
    """The themes of a codebook that ships, by id.

    >>> load_themes()["late-delivery"].title
    'Late delivery'
    """
    content = yaml.safe_load(_file(name).read_text(encoding="utf-8"))
    themes = [Theme.model_validate(t) for t in content["themes"]]
    return {t.id: t for t in themes}


def theme_title(theme: str | None) -> str:
    """A theme's name as a person reads it; ids out of another codebook are made readable.

    >>> theme_title("late-delivery"), theme_title(None)
    ('Late delivery', 'Outside all themes')
    """
    if not isinstance(theme, str):
        return "Outside all themes"
    known = load_themes().get(theme)
    return known.title if known else theme.replace("-", " ").capitalize()


def verdicts() -> frozenset[str]:
    """Ids of the themes that are verdicts."""
    return frozenset(t.id for t in load_themes().values() if t.verdict)
