"""What halts, cancels and flattens, and waits until the exchange has confirmed it."""
