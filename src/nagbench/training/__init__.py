"""The engine: trains the runs of a unit and leaves their records."""
