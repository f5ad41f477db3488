"""Money in and out of the building, through a gateway: the group's treasurer, or a payment processor.

It takes orders ("collect 98.00 from Marta for order 7") and says what became of them. What a payment means, and what
is posted to the books for it, is the affair of whoever asked for it. In three steps, never within one: the intent is
written and committed; the worker asks the gateway; the outcome is written.
"""
