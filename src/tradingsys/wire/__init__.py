"""The wire between strategy and gateway: messages and their encoding, versioned."""
