"""What a configuration file may say, and what it means."""
