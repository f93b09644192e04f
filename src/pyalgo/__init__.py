"""Write strategies in plain Python: ``from pyalgo import *``."""
