"""Zips read from strangers within bounds, and written from a few files. Touches no disk."""
