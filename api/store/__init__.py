"""Reads and writes the store: functions over a session, one module per word."""
