"""Catalogue, basket and order service of the example web shop."""

__version__ = "1.4.2"
