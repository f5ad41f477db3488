"""The bank account of a group whose treasurer moves its money, held against the books.

An officer imports the bank's statement (`importing`); what its lines name is found (`naming`), and each is matched with
what officers confirmed, or is called none of Earnest's (`matching`). Once a month an officer who moved no money attests
the balance (`attesting_rules`, `attesting`); `reminding` asks for it.

The reading, the matching and the reckoning are rules of `payments`, where the lines are kept, too.
"""
