"""Texts and spans of them to feature rows, that the heads of a model read."""

from vocx.encode.bag import BagEncoder
from vocx.encode.encoder import Encoder
from vocx.encode.transformer import TransformerEncoder

__all__ = ["BagEncoder", "Encoder", "TransformerEncoder"]
