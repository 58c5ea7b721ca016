"""The commands, by what they are for: each module adds its verbs to the parser.

A verb imports what it needs when it runs: a figure should not wait for torch, nor a node that only
trains need matplotlib.
"""
