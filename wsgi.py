"""The application, for a web server and for `flask --app wsgi`."""

import gc

gc.disable()  # while it is loaded, next to nothing is garbage, and to look for some takes a seventh of the time

from marketplace.app import create_app  # noqa: E402 - loaded after the line above, which is for it

app = create_app()

gc.freeze()  # it stays to the end: no request has to wait until a third of a million objects are looked through
gc.enable()
