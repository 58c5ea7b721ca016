"""NAG-Bench: does Nesterov acceleration train image classifiers faster and more steadily?"""
