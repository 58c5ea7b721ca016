"""Judges learning curves that others trained: from their files to tables, figures and a report."""
