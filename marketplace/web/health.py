"""For load balancers and supervisors: is the process alive, and can it do its work?"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from marketplace.kernel import heartbeat, schema
from marketplace.kernel.database import db

blueprint = Blueprint("health", __name__)

# The worker gives a sign every five seconds: one that is silent for thirty has missed several.
SILENT_FOR = timedelta(seconds=30)


@blueprint.get("/healthz")
def alive() -> Response:
    """This process answers. Asks nobody else."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """The database answers, its schema is the newest, and a worker lives; else what is wrong, with status 503."""
    wrong = faults()
    return jsonify(ready=not wrong, wrong=wrong), 503 if wrong else 200


def faults() -> dict[str, str]:
    """What keeps the product from working, in a sentence each, by part."""
    try:
        if schema.revision() != schema.newest_revision():
            return {"migrations": "The database's schema is not the newest: run `flask db upgrade`."}
        silence = heartbeat.age_of_last_beat()
    except SQLAlchemyError:
        db.session.rollback()
        return {"database": "The database cannot be reached."}
    if silence is None:
        return {"worker": "No worker has ever run: start `flask worker`."}
    if silence > SILENT_FOR:
        return {"worker": f"The worker has been silent for {int(silence.total_seconds())} seconds."}
    return {}
