"""A standing deposit per member and group: it stands behind his bids there, and is no part of any payment.

The law is in four files: `rules` (LAW, the table of a deposit), `payout_rules` (what is paid out of one),
`asking_rules` (who needs one where) and `reference_rules` (what a payment of one is known by).

service.py is what other packages ask: whether somebody may bid, and what an order that ended unpaid costs. `putting_up`
is what a member does and the treasurer confirms, `payouts` the money's way out, `returning` and `lapsing` are the
clock. A deposit changes in `acting` alone. `queries`, `waiting` and `proving` read.
"""
