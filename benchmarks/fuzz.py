"""Coverage-guided fuzzing of the readers: python benchmarks/fuzz.py CORPUS [-max_total_time=1800].

Any bytes, under any ending, must be read with every row told, or be refused with a UserError. What does neither is
written beside the corpus as fault-*, with its trace, one for each place in the code. Needs atheris (development only).
CORPUS is a folder that grows; it begins with the fixtures of tests/data/exports.
"""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["vocx.ingest"]):
    from vocx.config import Input
    from vocx.errors import UserError
    from vocx.ingest.content import Content
    from vocx.ingest.feedback import ingest_raw
    from vocx.ingest.files import known_suffixes, read_content
    from vocx.ingest.origins import unpacked

FIXTURES = Path(__file__).parent.parent / "tests" / "data" / "exports"
FAULTS = Path(sys.argv[1]).parent if len(sys.argv) > 1 else Path()
_PACKED = [".zip", ".gz"]
_ENDINGS = [*known_suffixes(), *_PACKED, ""]


def read_any(data: bytes) -> None:
    """Read bytes whose first tells the ending; AssertionError where a row is lost."""
    if not data:
        return
    ending = _ENDINGS[data[0] % len(_ENDINGS)]
    try:
        for part in unpacked(f"any{ending}", data[1:]):
            table = read_content(part) if isinstance(part, Content) else part
            read = ingest_raw([(table, Input(path="any"))])
            for report in read.files:
                told = report.taken + report.rejected + report.merged
                assert report.rows == told, f"{report.rows} rows in, {told} told"
    except UserError:
        pass
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"fault-{type(error).__name__}-{Path(where.filename).stem}-{where.lineno}"
        if not (FAULTS / place).exists():
            (FAULTS / place).write_bytes(data)
            (FAULTS / f"{place}.txt").write_text(traceback.format_exc(), encoding="utf-8")


def _begin(corpus: Path) -> None:
    corpus.mkdir(parents=True, exist_ok=True)
    for file in (f for f in FIXTURES.rglob("*") if f.is_file()):
        number = next((i for i, e in enumerate(_ENDINGS) if e == file.suffix), len(_ENDINGS) - 1)
        (corpus / f"{file.stem}{file.suffix}").write_bytes(
            bytes([number]) + file.read_bytes()[:20_000]
        )


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    _begin(Path(sys.argv[1]))
    atheris.Setup(sys.argv, read_any)
    atheris.Fuzz()
