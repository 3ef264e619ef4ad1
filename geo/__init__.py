"""Knows places and roads."""
