"""The tables: one function each, from result tables to a `Table`."""
