"""The command ``tradingsys doctor``: what would keep a gateway from working, each with its remedy."""
