"""A marketplace that hobby groups can trust.

The floor plan. A package imports only from the floors below it: calls go down,
events come up, values are handed over. tests/architecture keeps this true.

    shells    app <- wiring, web, worker        one Blueprint per feature; the timetable of due work
    -----------------------------------------------------------------------------------------------
    8         notifications                     tells people what happened, once, in their language
    7         disputes   bankbook               what happens to an order gone wrong; the bank against the books
    6         auctions   escrow                 sell to whoever pays most; hold the money
    5         catalog    deposits               items and their photographs; what stands behind bids
    4         groups                            who belongs, under which rules, and may do what
    3         reputation                        feedback and standing
    2         payments                          money in and out, through a gateway
    1         accounts   ledger                 who you are; the books
    ground    kernel                            money, time, errors, events, the database
"""
