"""Parts: which source sends each order line, by which lane and departure, decided over all open orders at once."""
