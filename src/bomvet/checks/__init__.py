"""What is judged; one file per question."""
