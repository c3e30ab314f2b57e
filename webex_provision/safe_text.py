"""Texts that others wrote, made fit to be shown, and the ways in which a secret may be written in one.

Nothing here reads or writes anything; every room that shows or redacts shares these two rules.
"""

import base64
import html
import json
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus

SHORTEST_SECRET = 4  # anything shorter would blot out ordinary words
_SHORTEST_IN_BASE64 = 8
_WAYS_OF_WRITING: tuple[Callable[[str], str], ...] = (
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: repr(text)[1:-1],
    lambda text: text.replace('"', '\\"'),
    lambda text: quote(text, safe=""),
    quote_plus,
    html.escape,
)


def printable(text: str) -> str:
    """`text` with every character that a terminal or a page would obey and not show (ESC, CR, bidi) as its escape."""
    return text if text.isprintable() else "".join(char if char.isprintable() else _escaped(char) for char in text)


def spellings(secrets: Iterable[str]) -> list[str]:
    """Each secret as it is and as a text may carry it, escapes once or twice over (a list in a line); longest first.

    Escaped for JSON, Python, URLs and HTML; base64 of it, also within a longer text (`user:<secret>`). Secrets shorter
    than SHORTEST_SECRET are left out.
    """
    found = {secret.strip() for secret in secrets if len(secret.strip()) >= SHORTEST_SECRET}
    encoded = {form for secret in found for form in _in_base64(secret)}
    for _ in range(2):
        found |= {write(spelling) for spelling in found for write in _WAYS_OF_WRITING}
    return sorted(found | encoded, key=len, reverse=True)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _in_base64(secret: str) -> set[str]:
    """What base64 of any text that holds `secret` must hold, for each of the three places at which it may begin."""
    content = secret.encode(errors="surrogatepass")
    if len(content) < _SHORTEST_IN_BASE64:
        return set()
    forms = set()
    for ahead in range(3):
        encoded = base64.b64encode(b"\0" * ahead + content)
        # Without the characters that share their bits with what stands before or behind.
        whole = encoded[(ahead * 8 + 5) // 6 : (ahead + len(content)) * 8 // 6].decode("ascii")
        forms |= {whole, whole.replace("+", "-").replace("/", "_")}
    return forms
