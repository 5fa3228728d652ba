"""Readers of file formats; one file per family of formats."""
