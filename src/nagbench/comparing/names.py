"""What a comparison and its newcomer are called, in files."""

import re


def newcomer_name(reference: str) -> str:
    """From its class: `mine.py:FastNAG` is `fast_nag`."""
    called = reference.rpartition(":")[2]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", called).lower()


def study_name(study: str, newcomer: str) -> str:
    """Of the study of a comparison, by that of the study whose protocol it follows."""
    return f"compare-{study}-{newcomer}"
