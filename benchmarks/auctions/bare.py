"""A bare Flask page: what the framework and the server cost, with nothing of ours."""

from __future__ import annotations

from flask import Flask

app = Flask(__name__)


@app.get("/")
def page() -> str:
    return "<!doctype html><title>A page</title><p>It says hello."
