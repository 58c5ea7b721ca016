"""The explorer: one page, in one file, for whoever would rather look at results than read."""
