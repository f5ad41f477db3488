"""What happens to an order that went wrong: a statement, an answer, an agreement or a ruling, one appeal.

The law is in six files, all pure: `dispute_rules` (its words), `rules` (LAW, the table), `judging_rules` (how it is
applied), `ruler_rules` (who may rule), `ending_rules` (how it ended, and who lost it) and `reminding_rules`.

The use cases are split by noun: service.py opens a dispute and hears of a contested return, `answering` is what the two
sides do, `ruling` what the third does, `choosing` how two agree on a third, `lapsing` is the clock. All of them end in
`acting.act`, the one place where a dispute changes. `rulers` says who may rule on a case, `evidence` keeps what is
shown; `queries` and `waiting` read. The order is always locked before its dispute.
"""
