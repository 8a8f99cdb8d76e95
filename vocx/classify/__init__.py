"""Features to labels: linear heads and the columns they fill."""

from vocx.classify.few_shot import FewShotClassifier
from vocx.classify.heads import LinearHead
from vocx.classify.labels import band, polarity, top, with_mixed

__all__ = ["FewShotClassifier", "LinearHead", "band", "polarity", "top", "with_mixed"]
