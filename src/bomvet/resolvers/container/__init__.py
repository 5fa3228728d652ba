"""Readers of what the package managers of operating systems have installed."""
