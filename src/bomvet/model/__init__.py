"""The records that every layer speaks in; the standard library only."""
