"""What an operator asks of a gateway, or of its book at rest."""
