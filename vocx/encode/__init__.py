"""Texts to features: static token vectors and hashed n-grams."""

from vocx.encode.features import FeatureEncoder
from vocx.encode.ngrams import HashedNgrams
from vocx.encode.static import StaticEncoder

__all__ = ["FeatureEncoder", "HashedNgrams", "StaticEncoder"]
