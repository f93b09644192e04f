"""Values, facts, commands, order, position and book: pure, imported by every other room, importing none."""
