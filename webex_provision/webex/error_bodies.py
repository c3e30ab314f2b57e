"""Reads what a Webex error answer says, whichever of its shapes it came in. Nothing here raises.

The shapes, all seen from the real service:

- `{"message", "errors": [{"description", "errorCode" | "code"}], "trackingId"}`, the code at times only inside
  the text, as `[Error 4410] ...` or `errorCode = '25046', error = '...'`
- `{"errorCode": 25024, "message", "trackingId"}`, the code a number or a string; outer and inner codes at once
- a top-level array `[{"errors": [{"number", "errorCode", "errorMessage"}]}]`, and `"error"` in place of "errors"
- `{"error": {"key", "message"}}`; SCIM's `{"detail", "scimType", "status"}`
- `{"title", "detail"}` of RFC 9457, and `{"detail": [{"loc", "msg"}]}`, as gateways and simulated tenants have it
- a header `cisco-spark-error-codes: 4251` on a 502
- HTML, plain text, half a JSON document, or nothing
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from webex_provision.wire import ErrorBody

ERROR_CODES_HEADER = "cisco-spark-error-codes"
MESSAGE_LIMIT = 500
_CODE_LIMIT = 64
_TEXT_LIMIT = 8_000
_NODES_LIMIT = 1_000

_CODE_KEYS = ("errorCode", "code", "key", "scimType")
_TEXT_KEYS = ("number", "message", "description", "errorMessage", "error_description", "title", "detail", "msg")
_NESTED_KEYS = ("errors", "error", "details", "detail")
_CODE_IN_TEXT = re.compile(r"\[Error ([\w.-]{1,64})\]|errorCode\s*=\s*'([^']{1,64})'")
_TAG = re.compile(r"<(script|style|title|head)\b.{0,4000}?</\1\s*>|<[^<>]{0,2000}>", re.DOTALL | re.IGNORECASE)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is beyond all bounds")
    return number


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def decode_json(content: bytes) -> Any:
    """The JSON value of a body; None for an empty one. Raises ValueError for anything that is not strict JSON."""
    text = content.decode("utf-8-sig").strip()
    if not text:
        return None
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def flatten(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """One printable line of at most `limit` characters: no control characters, no lone surrogates."""
    printable = "".join(char if char.isprintable() else " " for char in text[:_TEXT_LIMIT])
    line = " ".join(printable.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def read_error(body: Any, content: bytes, headers: Mapping[str, str]) -> ErrorBody:
    """Codes (outer before inner, header last, each once) and a one-line message of an error answer.

    `body` is the decoded JSON, None where there is none; `content` is then the raw body, which may be HTML or
    cut off; `headers` have lower-case names.
    """
    codes: list[str] = []
    texts: list[str] = []
    if body is None:
        texts.append(_TAG.sub(" ", content[:_TEXT_LIMIT].decode("utf-8", "replace")))
    else:
        _collect(body, codes, texts)
    lines = list(dict.fromkeys(filter(None, map(flatten, texts))))
    for line in lines:
        codes.extend(first or second for first, second in _CODE_IN_TEXT.findall(line))
    codes.extend(header_codes(headers))
    short = (flatten(code, _CODE_LIMIT) for code in codes)
    return ErrorBody(tuple(dict.fromkeys(filter(None, short))), flatten("; ".join(lines)))


def header_codes(headers: Mapping[str, str]) -> list[str]:
    """The codes of the header that turns a 502 into a business answer."""
    return [code for code in re.split(r"[\s,;]+", headers.get(ERROR_CODES_HEADER, "")) if code]


def tracking_id(body: Any, headers: Mapping[str, str]) -> str:
    """Webex's id of this answer, which its support asks for: from the body, else from the header, else ""."""
    found = body.get("trackingId") if isinstance(body, dict) else None
    return flatten(found if isinstance(found, str) else headers.get("trackingid", ""), 200)


def _collect(body: Any, codes: list[str], texts: list[str]) -> None:
    """Walk the known keys breadth first, so that outer codes and messages come before inner ones."""
    level = [body]
    for _ in range(_NODES_LIMIT):
        if not level:
            return
        node = level.pop(0)
        if isinstance(node, str):
            texts.append(node)
        elif isinstance(node, list):
            level.extend(node[:_NODES_LIMIT])
        elif isinstance(node, dict):
            codes.extend(str(node[key]) for key in _CODE_KEYS if _is_word(node.get(key)))
            texts.extend(str(node[key]) for key in _TEXT_KEYS if _is_word(node.get(key)))
            level.extend(node[key] for key in _NESTED_KEYS if node.get(key))


def _is_word(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
