"""Where files lie: paths, folders, patterns, archives, object storage, databases.

Nothing is ever unpacked to disk, and archives are bounded in size, ratio, members and depth.
"""

from __future__ import annotations

import glob
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pandas as pd

from vocx.errors import MissingExtra, UserError
from vocx.ingest.content import Content, RawTable, whole
from vocx.ingest.files import known_suffixes, plain_frame, read_content

MAX_BYTES = 2 * 2**30  # of one file, unpacked
MAX_RATIO = 200  # of a member's size to what it takes in the archive, above _SMALL
MAX_MEMBERS = 10_000
MAX_DEPTH = 2  # archives inside archives
_SMALL = 10 * 2**20
_CHUNK = 2**20
_ARCHIVES = frozenset([".zip", ".gz"])
_URL = re.compile(r"^[a-z][a-z0-9+.-]+://", re.I)
_SQL = re.compile(
    r"^(?:postgresql|postgres|mysql|mariadb|sqlite|mssql|oracle|duckdb)(?:\+\w+)?://", re.I
)


def raw_tables(path: str) -> Iterator[RawTable]:
    """The rows of everything that a path names, file by file.

    ``path`` is a file, a folder (all readable files below it), a pattern ("exports/*.csv"), the address
    of an object (fsspec: "s3://bucket/file.csv"), or a database's with its table
    ("postgresql://host/db#table").

    Raises UserError for a file that cannot be read where it is named itself; of a folder, a pattern or
    an archive a broken file becomes one rejected row, unless none can be read.
    """
    if _SQL.match(path):
        yield _sql_table(path)
        return
    several = _names_several(path)
    failed: list[RawTable] = []
    n_read = 0
    for content in _contents(path):
        if isinstance(content, RawTable):
            failed.append(content)
            continue
        try:
            table = read_content(content)
        except UserError as error:
            if not several:
                raise
            failed.append(_broken(content.name, error))
            continue
        n_read += 1
        table.among = several
        yield table
    if failed and not n_read:
        first = failed[0]
        raise UserError(f"{path}: none of {len(failed)} files could be read; the first: "
                        f"{first.file}: {first.rejects[0][1]}", "export them again")  # fmt: skip
    if not n_read:
        raise UserError(
            f"{path}: holds no data file",
            "put files of these kinds there: " + ", ".join(known_suffixes()),
        )
    yield from failed


def _broken(name: str, error: UserError) -> RawTable:
    """A file that could not be read, as a table with one rejected row."""
    told = str(error.what).removeprefix(f"{name}: ")
    return RawTable(name, pd.DataFrame(), [(0, f"file not read: {told}", "")])


def is_address(path: str) -> bool:
    """Whether an input is the address of an object or a database, and no path."""
    return bool(_URL.match(path))


def _names_several(path: str) -> bool:
    suffix = PurePosixPath(path).suffix.lower()
    try:
        return suffix == ".zip" or Path(path).is_dir() or any(c in path for c in "*?[")
    except OSError:  # no path at all, as `list_files` will say
        return False


def _contents(path: str) -> Iterator[Content | RawTable]:
    """Files and members of archives; of several, one that cannot be unpacked as a rejected row."""
    if is_address(path):
        for name, data in _fetched(path):
            yield from unpacked(name, data)
        return
    files = list_files(path)
    folder = folder_of(path)
    for file in files:
        name = whole(str(file.relative_to(folder).as_posix()))
        try:
            yield from unpacked(name, _bytes_of(file))
        except UserError as error:
            if len(files) == 1 and not Path(path).is_dir():
                raise
            yield _broken(name, error)


def folder_of(path: str) -> Path:
    """The folder below which an input's files are named: itself, a file's, or a pattern's last fixed one."""
    here = Path(path)
    if here.is_dir():
        return here
    if here.exists():
        return here.parent
    return next(p for p in here.parents if not any(c in str(p) for c in "*?["))


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(
            f"{file}: not readable: {error.strerror}", "check its permissions"
        ) from None


def list_files(path: str) -> list[Path]:
    """The data files that a path or pattern names: itself, or all readable ones below a folder, sorted."""
    here = Path(path)
    try:
        here.exists()
    except OSError as error:
        raise UserError(f"{path[:200]}: no path: {error.strerror}", "check the path") from None
    if here.is_dir():
        found = sorted(p for p in here.rglob("*") if _is_data(p, here))
        if not found:
            raise UserError(
                f"{path}: the folder holds no data file",
                "put files of these kinds there: " + ", ".join(known_suffixes()),
            )
        return found
    if here.exists():
        return [here]
    if any(c in path for c in "*?["):
        matched = sorted(Path(p) for p in glob.glob(path, recursive=True) if Path(p).is_file())
        if not matched:
            raise UserError(f"{path}: no file matches", "check the pattern")
        return matched
    raise UserError(f"{path}: no such file or folder", "check the path")


def _is_data(file: Path, folder: Path) -> bool:
    """Whether a file below a folder is one to read: no hidden or lock file, no part of a run."""
    below = file.relative_to(folder).parts
    suffix = file.suffix.lower()
    if any(p.startswith((".", "~$")) for p in below) or (
        file.is_symlink() and not _inside(file, folder)
    ):
        return False
    parents = [folder.joinpath(*below[:i]) for i in range(1, len(below))]
    in_run = any((p / "manifest.json").is_file() and (p / "feedback").is_dir() for p in parents)
    readable = suffix in known_suffixes() or suffix in _ARCHIVES
    return file.is_file() and readable and not in_run and not file.name.upper().startswith("README")


def _inside(file: Path, folder: Path) -> bool:
    try:
        return folder.resolve() in file.resolve(strict=True).parents
    except (OSError, RuntimeError):  # it leads nowhere, or to itself
        return False


# ------------------------------------------------------------------------------------- archives


def unpacked(name: str, data: bytes, depth: int = 0) -> Iterator[Content | RawTable]:
    """A file as it is, or what an archive holds; a member that cannot be unpacked as a rejected row."""
    kind = PurePosixPath(name).suffix.lower()
    packed = data[:2] == b"\x1f\x8b" or kind == ".zip"
    if packed and depth >= MAX_DEPTH:
        raise UserError(f"{name}: archives lie more than {MAX_DEPTH} deep", "unpack the outer one")
    if data[:2] == b"\x1f\x8b":
        inner = name[:-3] if kind == ".gz" else name
        yield from unpacked(inner, _gunzipped(name, data), depth + 1)
    elif kind == ".zip" or (data[:4] == b"PK\x03\x04" and kind not in (".xlsx", ".xlsm")):
        if depth >= MAX_DEPTH:
            raise UserError(
                f"{name}: archives lie more than {MAX_DEPTH} deep", "unpack the outer one"
            )
        yield from _members(name, data, depth)
    elif kind == ".gz":
        raise UserError(f"{name}: is no gzip file", "compress it again, or take off the ending")
    else:
        yield Content(name, data)


def _gunzipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            while chunk := file.read(_CHUNK):
                out.write(chunk)
                _bounded(name, out.tell(), len(data))
    except (EOFError, zlib.error, OSError) as error:
        raise UserError(
            f"{name}: the gzip file is cut off or broken ({error})", "download or compress it again"
        ) from None
    return out.getvalue()


def _bounded(name: str, size: int, packed: int) -> None:
    if size > MAX_BYTES:
        raise UserError(f"{name}: unpacks to more than {MAX_BYTES // 2**30} GiB", "split the file")
    if size > _SMALL and size > MAX_RATIO * max(packed, 1):
        raise UserError(
            f"{name}: unpacks to more than {MAX_RATIO} times its size, as no real export does",
            "unpack it by hand if you trust it",
        )


def _members(name: str, data: bytes, depth: int) -> Iterator[Content | RawTable]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        infos = [i for i in archive.infolist() if not i.is_dir()]
    except Exception as error:  # broken archives break in more ways than can be listed
        raise UserError(f"{name}: not readable as ZIP: {error}", "pack it again") from None
    if len(infos) > MAX_MEMBERS:
        raise UserError(f"{name}: holds more than {MAX_MEMBERS:,} files", "split the archive")
    total, found = 0, False
    for info in sorted(infos, key=lambda i: i.filename):
        inside = PurePosixPath(info.filename.replace("\\", "/"))
        shown = f"{name}/{'/'.join(p for p in inside.parts if p not in ('..', '/'))}"
        hidden = any(p.startswith((".", "~$", "__MACOSX")) and p != ".." for p in inside.parts)
        suffix = inside.suffix.lower()
        if hidden or (suffix not in known_suffixes() and suffix not in _ARCHIVES):
            continue
        found = True
        if ".." in inside.parts or inside.is_absolute() or re.match(r"^[A-Za-z]:", info.filename):
            yield _broken(shown, UserError("its path leads out of the archive", ""))
            continue
        if info.flag_bits & 1:
            yield _broken(shown, UserError("it is encrypted", ""))
            continue
        try:
            member = _member(archive, info, shown)
            total += len(member)
            _bounded(name, total, 0 if total > MAX_BYTES else total)
            yield from unpacked(shown, member, depth + 1)
        except UserError as error:
            yield _broken(shown, error)
    if not found:
        yield _broken(name, UserError("the archive holds no data file", ""))


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, shown: str) -> bytes:
    out = io.BytesIO()
    try:
        with archive.open(info) as file:
            while chunk := file.read(_CHUNK):
                out.write(chunk)
                _bounded(shown, out.tell(), info.compress_size)
    except UserError:
        raise
    except Exception as error:  # as above
        raise UserError(f"{shown}: cannot be unpacked: {error}", "pack it again") from None
    return out.getvalue()


# ------------------------------------------------------------------ object storage and databases


def _fetched(path: str) -> list[tuple[str, bytes]]:
    """Names and bytes of what an address of object storage names: one object, or all of a pattern."""
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtra(str(error.name), "storage") from None
    try:
        files = fsspec.open_files(path, "rb")
        if not files:
            raise UserError(f"{path}: no object matches", "check the address")
        found = []
        for file in sorted(files, key=lambda f: f.path):
            with file as stream:
                data = stream.read(MAX_BYTES + 1)
            _bounded(file.path, len(data), len(data))
            found.append((PurePosixPath(file.path).name, data))
        return found
    except UserError:
        raise
    except ImportError as error:
        raise UserError(f"{path}: {error}", "install the library that it names") from None
    except Exception as error:  # every storage has errors of its own
        raise UserError(
            f"{path}: not readable: {error}", "check address, rights and network"
        ) from None


def _sql_table(address: str) -> RawTable:
    """A table of a database, as a SQLAlchemy URL with its name behind "#"."""
    url, _, table = address.partition("#")
    shown = re.sub(r"//[^@/]*@", "//", address)
    if not table:
        raise UserError(f"{shown}: no table is named", "name it: postgresql://host/database#table")
    try:
        import sqlalchemy
    except ImportError as error:
        raise MissingExtra(str(error.name), "storage") from None
    schema, _, name = table.rpartition(".")
    url = re.sub(r"^postgres(?:ql)?://", "postgresql+psycopg://", url, flags=re.I)
    try:
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            frame = pd.read_sql_table(name, connection, schema=schema or None)
        engine.dispose()
    except ValueError:
        raise UserError(
            f"{shown}: there is no table '{table}'", "check its name and schema"
        ) from None
    except ImportError as error:
        raise UserError(f"{shown}: {error}", "install the database's driver") from None
    except sqlalchemy.exc.SQLAlchemyError as error:
        told = str(error).splitlines()[0]
        raise UserError(f"{shown}: {told}", "check address, user and network") from None
    if frame.empty:
        raise UserError(f"{shown}: the table is empty", "check the name")
    file = f"{PurePosixPath(url.split('?')[0]).name}.{table}"
    return RawTable(file, plain_frame(frame), layout="database table")
