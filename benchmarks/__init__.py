"""Measurements, each beside a yardstick taken in the same run: ``python -m benchmarks``."""
