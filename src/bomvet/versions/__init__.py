"""One order of versions per ecosystem; pure."""
