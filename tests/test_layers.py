"""Imports go one way: a module imports only lower layers, and steps never import each other."""

import ast
from pathlib import Path

from conftest import ROOT

LAYERS = [
    {"__init__", "errors"},
    {"schema", "stats", "themes", "turns"},
    {"journey"},
    {"config"},
    {"codebook"},
    {"confusion"},
    {"runs", "models"},
    {
        "ingest",
        "segment",
        "encode",
        "classify",
        "mine",
        "matrix",
        "impact",
        "scores",
        "paths",
        "course",
        "report",
    },
    {"pipeline", "labelled", "counting"},
    {"evaluate", "verify", "compare"},
    {"train"},
    {"engine"},
    {"api", "terminal", "recode"},
    {"cli"},
    {"__main__"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
PACKAGE = ROOT / "vocx"


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path, at_run_time_too: bool) -> set[str]:
    """Parts of vocx that a file imports when it is imported, or at any time."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if at_run_time_too else iter(tree.body)
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "vocx":
            names = (
                [node.module.split(".")[1]] if "." in node.module else [a.name for a in node.names]
            )
            found |= {n if n in RANK else "__init__" for n in names}
    return found


def test_every_module_has_a_layer() -> None:
    assert {part_of(p) for p in PACKAGE.rglob("*.py")} == set(RANK)


def test_imports_only_go_down() -> None:
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        part = part_of(path)
        if part == "__init__":
            continue  # it hands names on when they are asked for
        for name in imported(path, at_run_time_too=True) - {part}:
            if RANK[name] >= RANK[part]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_the_command_line_imports_nothing_heavy() -> None:
    assert imported(PACKAGE / "cli.py", at_run_time_too=False) <= {"__init__", "errors"}
