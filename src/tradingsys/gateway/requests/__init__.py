"""What strategies and operators ask for, one method each."""
