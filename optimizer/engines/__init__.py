"""Everything that OR-Tools decides."""
