"""Real servers on loopback that stand for those outside: the product speaks to them through its own client code."""
