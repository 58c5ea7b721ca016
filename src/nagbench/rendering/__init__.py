"""From result tables to figures, tables, numbers and captions: pure functions, then files."""
