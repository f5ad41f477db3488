"""What a command refuses."""

from __future__ import annotations

from click import ClickException


class CannotDo(ClickException):
    """The command ends with this sentence on stderr and status 1."""
