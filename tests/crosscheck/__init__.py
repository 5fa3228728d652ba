"""What is read, against the real package managers on generated projects."""
