"""What members have to offer: items, their photographs, and what the seller promises of them.

An item is written as a draft, published, and offered in a lot by `auctions`. The first bid freezes it (`frozen_at`);
from then on the seller adds dated remarks and changes nothing.

Many items come from one table (`importing`): read by `table_rules` and `import_rules`, judged by the form's own schema.
"""
