"""Logging: one line an event, as key=value for people or JSON for machines; secrets never go in."""

from __future__ import annotations

import logging
import sys

import structlog


def begin(level: str) -> None:
    """Set up logging for this process. `level` is DEBUG, INFO, WARNING or ERROR."""
    number = logging.getLevelNamesMapping()[level.upper()]
    render = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # asked anew: it may be put elsewhere
        cache_logger_on_first_use=False,
    )
