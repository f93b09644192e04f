"""Journal and pos.db: what must survive a crash. One writer."""
