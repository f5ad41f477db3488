"""Files that people upload, kept under keys: a folder of the server, later a bucket. obstore speaks both."""

from __future__ import annotations

from pathlib import Path

import obstore
from flask import current_app
from obstore.store import LocalStore, ObjectStore

from marketplace.kernel.errors import NotFound


def open_store(folder: Path) -> ObjectStore:
    """The store of one installation. Called once, when the application starts."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # what people entrust to us is for no other user here
    folder.mkdir(exist_ok=True, mode=0o700)
    return LocalStore(folder)


def put(key: str, content: bytes) -> None:
    """Keep `content` under `key`. Keys are ours, never a person's file name. Written whole or not at all."""
    obstore.put(_store(), key, content)


def get(key: str) -> bytes:
    """What is kept under `key`. Raises NotFound."""
    try:
        return bytes(obstore.get(_store(), key).bytes())
    except FileNotFoundError:
        raise NotFound("There is no such file.") from None


def remove(key: str) -> None:
    """Forget what is kept under `key`, if anything is."""
    try:
        obstore.delete(_store(), key)
    except FileNotFoundError:
        return


def _store() -> ObjectStore:
    store: ObjectStore = current_app.extensions["earnest_store"]
    return store
