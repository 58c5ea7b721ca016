"""The project's version, in a module of its own: a release alone retrains nothing."""

__version__ = "0.1.0"
