"""Vehicle routing in the trade's general words: vehicles, tasks, given matrices."""
