"""Money in and out of the building, through a gateway: the group's treasurer, or a payment processor.

It takes orders ("collect 98.00 from Marta for order 7") and says what became of them. What a payment means, and what
is posted to the books for it, is the affair of whoever asked for it. In three steps, never within one: the intent is
written and committed; the worker asks the gateway; the outcome is written.

The processor is Stripe. `stripe_connect` is the gateway, `stripe_client` the way there, `sources` what a payout draws
on. `checkouts` are the sessions in which buyers pay, `seeing` what they show; `sellers` the accounts that are paid.
`incoming` hears what Stripe tells and `sweeping` finds what it did not, `news` and `chargebacks` are what follows.

The treasurer's bank: `bank_reading_rules` reads its statement (with `bank_table_rules`, `bank_column_rules` and
`bank_cell_rules`), `bank_matching_rules` says which of its lines is which movement, `bank_reconciling` what stays
unexplained. What people do with it stands in `bankbook`, which asks who may.
"""
