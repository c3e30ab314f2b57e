"""Finds the next page of a list in a Link header and refuses to be led to another host."""

import re
from urllib.parse import SplitResult, urljoin, urlsplit

from webex_provision.webex.errors import HostRefused

_LINK = re.compile(r"<([^<>]{0,8000})>([^<]{0,2000})")
_RELATION = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def next_target(base_url: str, current: str, link_header: str | None) -> str | None:
    """Path and query of the next page, relative to `base_url`; None where the header names none (RFC 8288).

    `current` is path and query of this page, relative to `base_url`. Only path and query are taken from the
    link, never its authority; a link to another scheme, host, port or base path raises HostRefused.
    """
    for reference, parameters in _LINK.findall(link_header or ""):
        relations = {word.lower() for pair in _RELATION.findall(parameters) for word in "".join(pair).split()}
        if "next" in relations:
            return _pinned(base_url, current, reference.strip())
    return None


def stays_inside(base_url: str, current: str, link: str) -> bool:
    """Whether a link on page `current` leads to somewhere under `base_url`."""
    try:
        return bool(_pinned(base_url, current, link))
    except HostRefused:
        return False


def _pinned(base_url: str, current: str, link: str) -> str:
    base = urlsplit(base_url)
    prefix = base.path.rstrip("/") + "/"
    try:
        target = urlsplit(urljoin(base_url + current, link))
        same = _origin(target) == _origin(base) and "@" not in target.netloc and "\\" not in link
    except ValueError:
        target, same = base, False
    if not same or not target.path.startswith(prefix) or {".", ".."} & set(target.path.split("/")):
        raise HostRefused(
            f"a list's next page lies outside WEBEX_BASE_URL ({base.scheme}://{base.netloc}{base.path}), at "
            f"{link.split('?', 1)[0][:200]!r}: not followed, because the token would go there"
        )
    path = target.path[len(prefix) - 1 :]
    return f"{path}?{target.query}" if target.query else path


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _DEFAULT_PORTS.get(url.scheme)
