"""What Python code calls as `nagbench.load`, `nagbench.draw` and `nagbench.train`."""
