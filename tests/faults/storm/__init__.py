"""Orders through every end, while everything that can break is broken: the product as it is deployed, by chance that a
seed decides.

`plan.py` says what is to happen, `stage.py` is where, `walking.py` does what people do, `tricks.py` what goes wrong,
`weathering.py` leads the whole of it, and `reckoning.py` holds the end against what it ought to be.
"""
