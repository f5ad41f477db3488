"""Sells a lot to whoever will pay most: lots, bids that are maxima, the end of an auction."""
