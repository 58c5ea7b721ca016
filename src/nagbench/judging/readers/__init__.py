"""Readers of learning curves, a file for each format; each makes the same frame of its own."""
