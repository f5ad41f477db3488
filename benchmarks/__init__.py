"""What the README's figures come from: programs that run the product against real data, and measure it."""
