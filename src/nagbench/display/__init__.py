"""What is under way, told while it is: bars on a terminal, lines elsewhere."""
