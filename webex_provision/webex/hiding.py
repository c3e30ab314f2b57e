"""Takes secrets out of texts and bodies that come from the service, before anything else sees them."""

from collections.abc import Iterable

from pydantic import SecretStr

from webex_provision.safe_text import spellings
from webex_provision.webex.error_bodies import flatten

# A rehearsal's token may be any word; taken out of every answer, it would change names and ids.
SHORTEST_IN_ANSWERS = 20


class Hiding:
    """The tokens, and every other secret that `hide` names."""

    def __init__(self, tokens: Iterable[SecretStr]) -> None:
        self._hidden: list[str] = []
        self._in_answers: list[str] = []
        self._in_headers: list[str] = []
        for token in tokens:
            self._add(token)
        for found in (self._hidden, self._in_answers, self._in_headers):
            found.sort(key=len, reverse=True)

    def _add(self, token: SecretStr) -> None:
        plain = [token.get_secret_value()]
        known = spellings(plain) or plain
        whole = len(plain[0]) >= SHORTEST_IN_ANSWERS
        self._hidden += known
        # Nothing but tokens: another secret may be a word that names and numbers hold, too.
        self._in_answers += known if whole else []
        self._in_headers += known if whole else plain

    def hide(self, secret: str) -> None:
        """From now on take `secret` out of every text, as the tokens are."""
        self._hidden += [spelling for spelling in spellings([secret]) if spelling not in self._hidden]

    def header(self, text: str) -> str:
        """A header's value without tokens."""
        return _replaced(self._in_headers, text)

    def line(self, text: str) -> str:
        """One line without secrets."""
        return flatten(_replaced(self._hidden, text))

    def body(self, content: bytes) -> bytes:
        """The body of a success without tokens. Where none is in it, the very same object."""
        return _without(self._in_answers, content)

    def error_body(self, content: bytearray) -> bytes:
        """An error body without secrets: before it is shortened, which might leave half of one."""
        return _without(self._hidden, bytes(content))


def _replaced(secrets: Iterable[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _without(secrets: Iterable[str], content: bytes) -> bytes:
    for secret in secrets:
        content = content.replace(secret.encode(errors="surrogatepass"), b"***")
    return content
