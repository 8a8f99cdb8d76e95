"""Errors vocx raises on purpose: what is wrong and where, then what to do about it."""

from __future__ import annotations


class UserError(Exception):
    """The user's input is wrong (exit code 2).

    Parameters
    ----------
    what : what is wrong and where: the file, the row or key, and what was found there.
    remedy : what to do about it, as an instruction.

    >>> str(UserError("survey.csv: the table is empty", "export it again with its rows"))
    'survey.csv: the table is empty\\nexport it again with its rows'
    """

    def __init__(self, what: str, remedy: str):
        super().__init__(f"{what}\n{remedy}")
        self.what = what
        self.remedy = remedy


class MissingExtra(UserError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str):
        super().__init__(
            f"this needs the package '{package}', which is not installed",
            f"install it with: pip install 'vocx[{extra}]'",
        )


def closest(name: str, known: list[str]) -> str:
    """A hint that names the most similar known name, or lists them all.

    >>> closest("custmer-goals", ["customer-goals", "vocx-10"])
    "did you mean 'customer-goals'? known: customer-goals, vocx-10"
    """
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    listed = ", ".join(known) if known else "none"
    return (f"did you mean '{near[0]}'? " if near else "") + f"known: {listed}"
