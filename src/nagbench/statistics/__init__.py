"""From records to result tables: pure functions, no files and no plotting."""
