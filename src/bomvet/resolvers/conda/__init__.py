"""Readers of conda environments."""
