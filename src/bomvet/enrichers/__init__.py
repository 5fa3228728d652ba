"""What the outside world is asked; one file per question."""
