"""A client/server trading system: one gateway per venue account, any number of strategies, an exchange in a box."""

__version__ = "0.1.0"
