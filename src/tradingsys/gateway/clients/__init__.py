"""Who is connected: the port, tokens, sessions, and what they are told unasked."""
