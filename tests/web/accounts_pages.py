"""What the tests of the account pages share: mails that were written, links in them, what a page says."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from marketplace.kernel.database import db
from marketplace.notifications.models import Mail

BASE = "http://127.0.0.1:8000"


def mails_to(address: str) -> list[Mail]:
    """The mails to an address, oldest first."""
    db.session.rollback()
    return list(db.session.scalars(select(Mail).where(Mail.address == address).order_by(Mail.id)))


def link_in(mail: Mail) -> str:
    """The path of the last link in a mail."""
    links = re.findall(rf"{re.escape(BASE)}(/\S+)", mail.body)
    return str(links[-1])


def said(page: TestResponse) -> list[str]:
    """What a page says back: flashes and errors, without markup."""
    found = re.findall(r'<(?:p class="flash"|span class="error")[^>]*>(.*?)</', page.text, re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>", "", each)).strip() for each in found]


def filled(**fields: Any) -> dict[str, Any]:
    """A form as a browser sends it."""
    return {name: value for name, value in fields.items() if value is not None}
