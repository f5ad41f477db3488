"""People and things of the trade, made with one call: a_person(), a_group(), an_item(), a_lot()."""
