"""The compiled search over plain arrays."""
