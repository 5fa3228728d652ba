"""What can be pointed at; one file per kind."""
