"""Market data, taken once from the exchange and shared; and the rules of symbols."""
