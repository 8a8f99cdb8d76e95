"""Files of every kind to the feedback table."""

from vocx.ingest.feedback import FileReport, Ingested, ingest

__all__ = ["FileReport", "Ingested", "ingest"]
