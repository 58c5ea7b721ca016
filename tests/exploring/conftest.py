"""What the tests of the explorer show: a small study under way, whose words are hostile."""

from shown import shown, sound

__all__ = ["shown", "sound"]
