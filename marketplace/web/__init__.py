"""Pages for people: one Blueprint a feature, short flat views, and the frame around them."""
