"""The demo's longer texts: rules, payment instructions, answers, what people say of themselves."""

from __future__ import annotations

HEDWIG = """I founded this group at my kitchen table in the Lindengasse, to buy porcelain from people who say what is \
wrong with it. The first rule is still the only one that matters: name the fault yourself.

Porcelain of Vienna and Meissen, **no figurines**."""

VIKTOR = """Restores furniture. I rule by what the photographs show, not by who is older in the group."""

MARTA = """Watches, small silver, and now and then a camera that still folds.

I write down the rate of every watch for three weeks before I sell it."""

JONAS = """Watchmaker in Steyr, third generation. Everything I list has been on my bench; what I could not open, I say \
so."""

FERENC = """Pocket watches of the railways. I open each one under the lens on the day it comes."""

BANK_ACCOUNT = "%s, account 20 03%s at the Demo Savings Bank"

RULES = """### What we agreed on

1. **Say what is wrong with it before the buyer does.** A fault that is named is no fault between us.
2. What is certain is marked certain, what is guessed is marked likely. New goods are not sold as old ones.
3. A bid is binding. Who cannot pay writes to the other side before the three days are over.
4. Parcels are insured and go to the post within three days of payment.
5. Officers touch no money of their own orders.
6. Whoever is unkind in a message is reminded once.
"""

ADDED_RULE = """7. Weapons, ivory and what the law protects stay outside, however old they are.
"""

RULES_OF_WATCHES = """### What we agreed on

1. Name the calibre, or say that you do not know it.
2. A watch that was never opened is sold as one that was never opened.
"""

RULES_OF_RAILWAYS = """### What we agreed on

1. Say whether it runs, and on what.
2. A box that belongs to another model is not its box.
3. Here one pays by card. The demo's cards are play money: the page of the payment says which number to type.
"""

INSTRUCTIONS = """Account of the Lindengasse Antiques association, Demo Savings Bank, account 20 0315 0007.

Write the reference of your order on the transfer and nothing else. Agnes looks at the account every weekday at noon."""

NEW_INSTRUCTIONS = """Account of the Lindengasse Antiques association, Second Demo Bank, account 33 0400 0112.

Write the reference of your order on the transfer and nothing else. The savings bank closes our branch at new year."""

INSTRUCTIONS_OF_RAILWAYS = "Platform Nine, Demo Savings Bank, account 20 0909 0009. Orders are paid by card."

INSTRUCTIONS_OF_WATCHES = "Klara Weiss for The Escapement, Demo Savings Bank, account 20 0771 0044."

QUESTIONS = ("What do you collect, and since when?", "Who in the group knows you, or where have you traded before?")

USUAL_ANSWERS = ["Small things of the nineteenth century, since I inherited a cupboard of them.", "Hedwig knows me."]

ANSWERS = {
    "jonas": ["Watches. I repair them for a living.", "Half of Steyr. I serviced Hedwig’s mantel clock."],
    "ferenc": ["Railway watches, for twelve years.", "Nobody yet. I trade in two forums, as “bartos”."],
    "emil": ["Picture cards and tinplate. Since last year.", "I met Rosa at the fair in Linz."],
    "paul": [
        "Compasses and other brass instruments, since my years in the mountains.",
        "Leopold sold me a barometer in March. I have traded in the Innsbruck club for six years.",
    ],
}

WHY_GUSTAV_WENT = "He sold new goods as old ones twice, and did not answer when he was asked about it."

SALE = "Things that tick: an evening of clocks"
WHAT_IS_IN_THE_SALE = """Clocks, watches, and whatever else is driven by a spring or a weight.

Put yours in until bidding starts; three photographs at least, one of them of the movement."""
BANK_FEE = "The bank’s fee of the quarter. Agnes put it back the day after, from the group’s own money."
