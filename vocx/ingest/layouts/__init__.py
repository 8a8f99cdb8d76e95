"""Layouts of exports that are known, each recognised by its content."""

from __future__ import annotations

from vocx.ingest.content import Content
from vocx.ingest.layouts.calls import CALLS
from vocx.ingest.layouts.chats import CHATS
from vocx.ingest.layouts.help_desks import HELP_DESKS
from vocx.ingest.layouts.layout import Layout
from vocx.ingest.layouts.mail import MAIL
from vocx.ingest.layouts.reviews import REVIEWS
from vocx.ingest.layouts.surveys import SURVEYS

LAYOUTS: tuple[Layout, ...] = (*SURVEYS, *REVIEWS, *CALLS, *HELP_DESKS, *CHATS, *MAIL)


def layout_of(content: Content) -> Layout | None:
    """The first known layout that a file has, or null for a plain table."""
    return next((x for x in LAYOUTS if content.suffix in x.suffixes and x.fits(content)), None)


__all__ = ["LAYOUTS", "Layout", "layout_of"]
