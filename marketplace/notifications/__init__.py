"""Tells people what happened, once, in their language: on the page of notices and by mail.

Handlers only write rows, in the unit of work of the deed itself; the worker sends the mails after the commit, so a
mail server that is down never fails a deed. `writing.py` puts a notice into words, `sending.py` hands mails to the
mail server, `links.py` knows where on the site a thing is dealt with.
"""
