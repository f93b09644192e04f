"""Limits out of a strategy's reach: what they are measured with, and what they stop."""
