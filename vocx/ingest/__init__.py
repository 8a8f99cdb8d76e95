"""Files of every kind to the feedback table."""

from vocx.ingest.content import RawTable
from vocx.ingest.feedback import FileReport, Ingested, ingest, ingest_raw
from vocx.ingest.files import plain_frame

__all__ = ["FileReport", "Ingested", "RawTable", "ingest", "ingest_raw", "plain_frame"]
