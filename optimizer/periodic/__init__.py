"""Customers visited several times in a period of days: which days, and each day's routes."""
