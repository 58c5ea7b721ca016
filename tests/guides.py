"""What the guides say to write and to type, read from their blocks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path


def blocks(guide: str) -> Iterator[tuple[str, str, str]]:
    """Each block of a guide: the paragraph before it, its language, and its text."""
    for block in re.finditer(r"^```(\w+)\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE):
        before = guide[: block.start()].rstrip().rpartition("\n\n")[2]
        yield " ".join(before.split()), block[1], block[2]


def follow(folder: Path, said: str, text: str) -> None:
    """Put a block where the sentence before it says."""
    if found := re.search(r"Write `([^`]+)`:$", said):
        (folder / found[1]).write_text(text, encoding="utf-8")
    elif found := re.search(r"Add to `([^`]+)`, under `([^`]+)`[^:]*:$", said):
        add_under(folder / found[1], found[2], text)
    elif found := re.search(r"Add to `([^`]+)`, above `([^`]+)`:$", said):
        words = (folder / found[1]).read_text(encoding="utf-8")
        above, beginning, below = words.partition(f"\n{found[2]} = ")
        (folder / found[1]).write_text(f"{above}\n{text}{beginning[1:]}{below}", encoding="utf-8")
    elif found := re.search(r"Add to `([^`]+)`, at the end of `([^`]+)`:$", said):
        add_to_list(folder / found[1], found[2], text)
    elif found := re.search(r"Add to the end of `([^`]+)`:$", said):
        with (folder / found[1]).open("a", encoding="utf-8") as file:
            file.write(text)
    else:
        raise AssertionError(f"The guide does not say where this goes: {said}\n{text}")


def add_under(file: Path, key: str, text: str) -> None:
    """Right below a top key of a YAML file, which is made where there is none."""
    words = file.read_text(encoding="utf-8")
    if not re.search(rf"^{key}:$", words, re.MULTILINE):
        words += f"{key}:\n"
    file.write_text(re.sub(rf"^({key}:\n)", lambda found: found[0] + text, words, flags=re.M))


def add_to_list(file: Path, name: str, text: str) -> None:
    """Before the bracket that ends the tuple or mapping `name`."""
    words = file.read_text(encoding="utf-8")
    (value,) = (
        node.value
        for node in ast.parse(words).body
        for target in (getattr(node, "targets", None) or [getattr(node, "target", None)])
        if isinstance(target, ast.Name) and target.id == name
    )
    lines = words.encode().splitlines(keepends=True)
    end = sum(map(len, lines[: value.end_lineno - 1])) + value.end_col_offset - 1
    head, tail = words.encode()[:end].decode(), words.encode()[end:].decode()
    comma = "" if head.rstrip().endswith((",", "(", "{")) else ", "
    file.write_text(f"{head}{comma}{text}{tail}", encoding="utf-8")


def commands(text: str) -> list[str]:
    """The commands of a shell block, each in one line, without comments."""
    joined = text.replace("\\\n", " ").replace(" && ", "\n")
    lines = (re.sub(r"(^|\s+)#.*", "", line).strip() for line in joined.splitlines())
    return [re.sub(r"\s+", " ", line) for line in lines if line]
