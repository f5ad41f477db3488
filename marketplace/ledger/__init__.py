"""The books: every sum that is held, owed or earned, in double entry, one chain of transfers per group.

It knows account names and moves, not what they mean: whoever moves money says why, in the reference and the memo.
Transfers are only added. A mistake is put right by a transfer that moves the money back.
"""
