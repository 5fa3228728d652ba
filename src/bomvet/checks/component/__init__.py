"""Questions about components."""
