"""The strategies that ``tradingsys demo`` runs, each a program of its own: ``python FILE [ADDRESS]``."""
