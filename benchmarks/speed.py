"""Speed and memory of a run over many rows: `python benchmarks/speed.py [ROWS]`.

The sample feedback repeated with numbered ids, so that every row is a row of its own; the process's own
peak memory and its workers' are added.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from joblib.externals.loky import get_reusable_executor

from vocx.api import config_of, run
from vocx.engine import preview

SAMPLES = Path(__file__).parent.parent / "data" / "samples"


def many_rows(n: int) -> pd.DataFrame:
    inputs = [
        str(p) for p in sorted(SAMPLES.iterdir()) if "labelled" not in p.name and p.suffix != ".md"
    ]
    feedback = preview(config_of(inputs, {})).feedback
    rows = pd.concat([feedback[["source", "text", "created_at"]]] * (n // len(feedback) + 1))
    rows = rows.head(n).reset_index(drop=True)
    return rows.assign(
        id=[f"row-{i}" for i in rows.index], text=rows["text"] + " #" + rows.index.astype(str)
    )


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    folder = Path(tempfile.mkdtemp(prefix="vocx-bench-"))
    many_rows(n).to_csv(folder / "rows.csv", index=False)
    start = time.perf_counter()
    done = run(folder / "rows.csv", folder / "run")
    seconds = time.perf_counter() - start
    get_reusable_executor().shutdown(wait=True)  # a worker's peak is known when it has ended
    own, workers = (
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    result = {
        "rows": n,
        "seconds": round(seconds, 1),
        "feedback_per_second": round(n / seconds),
        "seconds_per_step": done.manifest["seconds"],
        "segments": len(done.segments),
        "peak_mib_main_process": round(own),
        "peak_mib_largest_worker": round(workers),
    }
    print(json.dumps(result, indent=1))
    out = Path(__file__).parent / "results" / "speed.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
