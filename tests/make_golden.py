"""Writes tests/data/golden.json anew: `python tests/make_golden.py`, after a change that is meant."""

import json
import tempfile
from pathlib import Path

from conftest import SAMPLES, TINY

from vocx.api import run

if __name__ == "__main__":
    inputs = [
        str(p) for p in sorted(SAMPLES.iterdir()) if "labelled" not in p.name and p.suffix != ".md"
    ]
    found = run(inputs, Path(tempfile.mkdtemp()) / "run", model=str(TINY))
    golden = {
        "sources": found.feedback["source"].value_counts().to_dict(),
        "meaningful": int(found.feedback["meaningful"].sum()),
        "segments": len(found.segments),
        "kinds": found.segments["kind"].value_counts().to_dict(),
    }
    path = Path(__file__).parent / "data" / "golden.json"
    path.write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n")
