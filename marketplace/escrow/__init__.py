"""Holds a buyer's money until both sides have done their part, then pays it out.

The law is in five files, for it is long: `order_rules` (its words), `rules` (LAW, the table), `condition_rules` (when
a clause holds), `money_rules` (which accounts) and `judging_rules` (how it is applied). `reminding_rules` says who is
reminded when, `reference_rules` what a payment is known by.

The use cases are split by noun: service.py is what other packages ask (open an order, open a dispute, rule), `paying`,
`shipping`, `returns`, `payouts` and `messages` are what people do on the order's page, `lapsing` is the clock. All of
them end in `acting.act`, the one place where an order changes. `queries`, `treasury`, `books`, `waiting` and `proving`
read.
"""
