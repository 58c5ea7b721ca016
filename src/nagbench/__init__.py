"""NAG-Bench: does Nesterov acceleration train image classifiers faster and more steadily?"""

__version__ = "0.1.0"
