"""The worker's sign of life. The health page and the operators' page read it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kernel import clock
from marketplace.kernel.database import Base, db, use_case

# A worker that has been silent for so long is gone for good, and so is its row.
_FORGOTTEN_AFTER = timedelta(days=1)


class WorkerHeartbeat(Base):
    """One worker process, and when it last said that it lives."""

    __tablename__ = "worker_heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    beaten_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(default="")
    """How it fares, for operators: "12 duties", "12 duties, failing: close lots"."""


@use_case
def beat(name: str, note: str = "") -> None:
    """Say that worker `name` lives. Rows of workers that are long gone are dropped on the way."""
    now = clock.now()
    db.session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.beaten_at < now - _FORGOTTEN_AFTER))
    db.session.merge(WorkerHeartbeat(name=name, beaten_at=now, note=note))


def age_of_last_beat() -> timedelta | None:
    """How long ago any worker last gave a sign; none if no worker ever did."""
    last = db.session.scalar(select(WorkerHeartbeat.beaten_at).order_by(WorkerHeartbeat.beaten_at.desc()).limit(1))
    return None if last is None else clock.now() - last


def workers() -> list[WorkerHeartbeat]:
    """Every worker of the last day, the one that spoke last first: for operators."""
    return list(db.session.scalars(select(WorkerHeartbeat).order_by(WorkerHeartbeat.beaten_at.desc())))
