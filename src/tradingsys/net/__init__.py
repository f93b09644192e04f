"""Loops, clocks, websockets and HTTP: the only importers of sockets."""
