"""What is stored: one module per word, SQLAlchemy models, nothing else."""
