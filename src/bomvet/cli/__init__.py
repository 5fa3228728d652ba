"""The command line: one file per command, which reads arguments, makes one call and sets the exit code."""
