"""Decisions of order management: state + event + now → new state + effects. Pure."""
