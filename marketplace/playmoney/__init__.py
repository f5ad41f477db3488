"""A Stripe of our own, with play money: for the demo, and for the tests behind the real `stripe` client.

It speaks as much of Stripe's HTTP interface as Earnest uses, and remembers: accounts, Checkout sessions, payment
intents, charges, refunds, transfers, reversals, disputes, balance transactions, events. Requests are checked against
the client's own types, answers are kept under their idempotency key, webhooks are signed. Its weather can be foul:
answers get lost after the effect, webhooks come twice, late, in another order, or never.

`till` remembers; `accounts`, `checkout`, `charges`, `transfers` and `disputes` act; `reading` answers questions;
`params` checks what is asked; `answering` is the door with its idempotency; `hooks` tells; `weather` spoils; `server`
and `pages` are what clients and people see. It knows nothing of Earnest, and nothing here is real money.
"""
