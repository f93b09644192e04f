"""From an order that a strategy wants to the command for the exchange, and what is known of it."""
