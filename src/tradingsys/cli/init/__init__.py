"""The command ``tradingsys init``: a configuration, written by asking."""
