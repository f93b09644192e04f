"""The gateway process: one venue account, its keys, connections, sessions, orders and books."""
