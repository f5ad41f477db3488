"""Who belongs to a group, under which rules, in which role, and what each role may do.

`service` is what other packages ask. What people do in a group's own pages is split by noun: `founding` (and changing
and closing), `joining`, `members`, `instructions` (where members pay), `handovers` (of the treasury), `moderation`
(reports). `rules` holds the table of permissions and the terms of deals, `entry_rules` who comes in and goes, and
`handover_rules` the law of a handover; `finding` locks rows in one order, and `waiting` lists what a group waits for a
person to do.
"""
