"""A table of a real PostgreSQL, started for the test; skipped where there is none to start."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from vocx.config import Input
from vocx.errors import UserError
from vocx.ingest import ingest


def program(name: str) -> str | None:
    """Where a program of PostgreSQL lies, also outside of the path."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(installed[-1]) if installed else shutil.which(name)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    initdb, server = program("initdb"), program("pg_ctl")
    if initdb is None or server is None:
        pytest.skip("PostgreSQL is not installed")
    as_user: list[str] = []
    home = Path(tempfile.mkdtemp(prefix="vocx-pg-"))
    if os.geteuid() == 0:  # PostgreSQL does not run as root
        as_user = ["runuser", "-u", "nobody", "--"]
        shutil.chown(home, "nobody")
    data = str(home / "data")
    made = [*as_user, initdb, "-D", data, "-U", "voc", "--auth=trust", "-E", "UTF8"]
    subprocess.run(made, check=True, capture_output=True, cwd=home)
    options = f"-c listen_addresses='' -c unix_socket_directories='{home}'"
    start = [*as_user, server, "-D", data, "-w", "-o", options, "-l", str(home / "log"), "start"]
    subprocess.run(
        start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home
    )
    try:
        yield f"postgresql://voc@/postgres?host={home}"
    finally:
        stop = [*as_user, server, "-D", data, "-m", "immediate", "stop"]
        subprocess.run(stop, check=False, capture_output=True, cwd=home)
        shutil.rmtree(home, ignore_errors=True)


def test_a_table_is_read_with_its_types(database: str) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "comment": ["The lamp came broken", "Quick and friendly – very good", None],
            "rating": [1, 5, 3],
            "created_at": pd.to_datetime(["2026-03-01T10:00Z", "2026-03-02T10:00Z", None]),
        }
    )
    frame.to_sql(
        "answers", sqlalchemy.create_engine(database.replace("://", "+psycopg://")), index=False
    )
    found = ingest([Input(path=f"{database}#answers")])
    assert found.feedback["rating"].tolist() == [0.0, 1.0, 0.5]
    assert found.feedback["created_at"].iloc[0] == pd.Timestamp("2026-03-01T10:00Z")
    assert found.files[0].rows == found.files[0].taken == 3


def test_what_is_not_there_is_named(database: str) -> None:
    with pytest.raises(UserError, match="there is no table 'none'"):
        ingest([Input(path=f"{database}#none")])
    nowhere = database.replace("voc@", "secret:word@").replace("/vocx-pg-", "/nowhere-")
    with pytest.raises(UserError) as error:
        ingest([Input(path=f"{nowhere}#answers")])
    assert "word" not in error.value.what
