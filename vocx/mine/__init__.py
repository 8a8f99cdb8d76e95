"""Mentions to issues: grouped inside themes, named and defined."""

from vocx.mine.miner import IssueMiner, issue_table, known_theme

__all__ = ["IssueMiner", "issue_table", "known_theme"]
