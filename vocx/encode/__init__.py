"""Texts and spans of them to feature rows, that the heads of a model read."""

from vocx.encode.bag import BagEncoder
from vocx.encode.encoder import NO_SEGMENTS, Encoder, unit
from vocx.encode.transformer import TransformerEncoder, all_threads

__all__ = ["NO_SEGMENTS", "BagEncoder", "Encoder", "TransformerEncoder", "all_threads", "unit"]
