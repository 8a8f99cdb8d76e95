"""Pseudonyms of persons: the same for the same person, and of no use without the key."""

from __future__ import annotations

import hmac
import os
import secrets
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from vocx.errors import UserError
from vocx.ingest.values import as_text

KEY = "VOCX_KEY"  # the environment's variable that holds a key


def pseudonym(author: Any) -> str | None:
    """A name, address or number of a person as a keyed digest (HMAC-SHA256); null stays null.

    Who has no key cannot find out whose it is by trying all addresses.
    """
    shown = as_text(author)
    if not shown:
        return None
    return hmac.new(
        _key(os.environ.get(KEY)), shown.encode("utf-8", "replace"), sha256
    ).hexdigest()[:12]


def key_digest() -> str:
    """What tells whether two runs had the same key: eight digits of its digest."""
    return sha256(b"key" + _key(os.environ.get(KEY))).hexdigest()[:8]


@lru_cache(maxsize=2)
def _key(given: str | None) -> bytes:
    """The environment's key, or this user's own, made when it is first needed."""
    if given:
        return given.encode()
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    path = home / "vocx" / "key"
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_text().strip().encode()
    except OSError as error:
        raise UserError(
            f"{path}: the key of pseudonyms cannot be kept there: {error.strerror}",
            f"set {KEY} to a long random word, the same for runs that should be compared",
        ) from None
