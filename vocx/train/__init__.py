"""Labelled feedback to a model folder."""
