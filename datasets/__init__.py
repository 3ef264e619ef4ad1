"""Reads and makes problems; writes plans."""
