"""How fast the auction house is: bids, pages, growth, a crowded closing second, memory."""
