"""Decides: the model of a day, its cost, its checker and its search."""
