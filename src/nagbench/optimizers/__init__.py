"""The optimizers under comparison: one table (`catalogue`), one file for each that is ours."""
