"""How the store came to have its tables: one file per step, never changed once it has landed."""
