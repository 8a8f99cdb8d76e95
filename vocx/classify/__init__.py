"""Features to labels: linear heads and the columns they fill."""

from vocx.classify.heads import LinearHead
from vocx.classify.labels import band, polarity, top, with_mixed

__all__ = ["LinearHead", "band", "polarity", "top", "with_mixed"]
