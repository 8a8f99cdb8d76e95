"""Mentions to issues: grouped inside themes, named and defined."""

from vocx.mine.miner import ISSUE_COLUMNS, IssueMiner, issue_id, text_key
from vocx.mine.space import with_beliefs
from vocx.mine.table import issue_table

__all__ = ["ISSUE_COLUMNS", "IssueMiner", "issue_id", "issue_table", "text_key", "with_beliefs"]
