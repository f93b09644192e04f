"""The command ``tradingsys record``: what the exchange sends, kept line by line."""
