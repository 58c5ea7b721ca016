"""How fast the engine is: beside what a user would write, in one run, on this machine."""
