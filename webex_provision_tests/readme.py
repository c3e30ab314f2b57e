"""README.md taken apart: its sections, its code blocks in their order, and what stands in them as code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ANYTHING = "…"
_FENCE = re.compile(r"^ *```(\w*)$")
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    """A fenced code block: the `##` section it stands in, its language, its lines without the fence's indentation.

    `prints` are the lines of the `text` block right behind a `bash` block: what typing it prints, among other lines,
    in this order; an ellipsis in them stands for anything.
    """

    section: str
    language: str
    lines: tuple[str, ...]
    prints: tuple[str, ...] = ()

    @property
    def commands(self) -> tuple[str, ...]:
        """The lines without comments and blanks."""
        bare = (re.sub(r"(^|\s+)# .*$", "", line).strip() for line in self.lines)
        return tuple(line for line in bare if line)


def section(title: str) -> str:
    """The text of a `##` or `###` section, up to the next one of its rank."""
    marks = re.search(rf"^(##+) {re.escape(title)}$", README, re.MULTILINE)
    assert marks is not None, f"README.md has no section {title}"
    return re.split(rf"^#{{2,{len(marks[1])}}} ", README[marks.end() :], maxsplit=1, flags=re.MULTILINE)[0]


def blocks() -> list[Block]:
    """All fenced blocks in their order; a `text` block behind a `bash` block is part of it."""
    found: list[Block] = []
    after_bash = False
    for block in _fenced():
        if after_bash and block.language == "text":
            last = found.pop()
            found.append(Block(last.section, last.language, last.lines, block.lines))
        else:
            found.append(block)
        after_bash = block.language == "bash"
    return found


def _fenced() -> Iterator[Block]:
    title, language, lines, indent = "", None, list[str](), 0
    for line in README.splitlines():
        fence = _FENCE.match(line)
        if language is not None:
            if fence:
                yield Block(title, language, tuple(lines))
                language = None
            else:
                lines.append(line[indent:])
        elif fence:
            language, lines, indent = fence[1], [], len(line) - len(line.lstrip())
        elif line.startswith("## "):
            title = line[3:]


def prose() -> str:
    """The text without fenced blocks."""
    return re.sub(r"^ *```\w*$.*?^ *```$", "", README, flags=re.MULTILINE | re.DOTALL)


def inline_code() -> set[str]:
    """What stands between backticks in the prose."""
    return set(_INLINE.findall(prose()))


def commands() -> set[str]:
    """Every `webex-provision …` that a reader may type: in blocks, in running text, in tables."""
    typed = {command for block in blocks() if block.language == "bash" for command in block.commands}
    return {text[text.index("webex-provision ") :] for text in typed | inline_code() if "webex-provision " in text}
