"""Voice-of-the-Customer feedback to a stage-by-issue matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from vocx.api import analyze as analyze
    from vocx.api import load_model as load_model
    from vocx.api import load_run as load_run
    from vocx.api import run as run

__all__ = ["__version__", "analyze", "load_model", "load_run", "run"]


def __getattr__(name: str) -> Any:
    """Imported when first used, so that `vocx --help` stays quick."""
    if name in ("analyze", "load_model", "load_run", "run"):
        from vocx import api

        return getattr(api, name)
    raise AttributeError(f"module 'vocx' has no attribute '{name}'")
