"""What the gateway knows, as the wire shows it."""
