"""Every shape of a Webex error is read, and none raises."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webex_provision.webex.error_bodies import MESSAGE_LIMIT, decode_json, flatten, read_error, tracking_id


@pytest.mark.parametrize(
    ("body", "codes", "said"),
    [
        ({"message": "no", "errors": [{"description": "why"}], "trackingId": "T"}, (), "no; why"),
        ({"message": "no", "errors": [{"description": "why", "errorCode": 4250}]}, ("4250",), "no; why"),
        ({"message": "no", "errors": [{"description": "why", "code": "2022"}]}, ("2022",), "no; why"),
        ({"errorCode": 25024, "message": "Invalid"}, ("25024",), "Invalid"),
        ({"errorCode": "25024", "message": "Invalid"}, ("25024",), "Invalid"),
        ({"errorCode": 25223, "message": "a", "errors": [{"errorCode": 8363}]}, ("25223", "8363"), "a"),
        ({"message": "[Error 4410] Service is not assigned"}, ("4410",), "[Error 4410] Service is not assigned"),
        (
            {"errors": [{"description": "errorCode = '25046', error = 'bad'"}]},
            ("25046",),
            "errorCode = '25046', error = 'bad'",
        ),
        (
            [{"errors": [{"number": "+34911", "errorCode": 8363, "errorMessage": "taken"}]}],
            ("8363",),
            "+34911; taken",
        ),
        ({"error": [{"errorCode": "BATCH-1001004", "message": "busy"}]}, ("BATCH-1001004",), "busy"),
        ({"error": {"key": "BIFROST-B10005", "message": "not entitled"}}, ("BIFROST-B10005",), "not entitled"),
        ({"error": "invalid_token"}, (), "invalid_token"),
        ({"detail": "exists", "scimType": "uniqueness", "status": "409"}, ("uniqueness",), "exists"),
        ({"type": "about:blank", "title": "No", "detail": "why", "status": 400}, (), "No; why"),
        ({"detail": [{"loc": ["query", "max"], "msg": "too large", "type": "le"}]}, (), "too large"),
        ("just text", (), "just text"),
        ([], (), ""),
        (17, (), ""),
        ({"errors": None, "message": None, "errorCode": True}, (), ""),
    ],
)
def test_each_known_shape_gives_its_codes_outer_first_and_its_message(body: Any, codes: Any, said: str) -> None:
    error = read_error(body, b"", {})
    assert error.codes == codes
    assert error.message == said


def test_the_header_that_makes_a_502_a_business_answer_gives_codes() -> None:
    assert read_error(None, b"", {"cisco-spark-error-codes": "4251, 4252"}).codes == ("4251", "4252")


def test_html_becomes_its_text() -> None:
    page = b"<html><head><title>x</title><style>b{}</style></head><body><h1>502</h1>Bad\nGateway</body></html>"
    assert read_error(None, page, {}).message == "502 Bad Gateway"


def test_a_message_is_one_bounded_printable_line() -> None:
    text = flatten("a\r\nb\x1b[31m\x00\u2028c\ud800\u202e" + "d" * 10_000)
    assert text.startswith("a b [31m c d")
    assert len(text) == MESSAGE_LIMIT
    assert text.isprintable()
    text.encode()


def test_a_deep_or_huge_body_is_read_within_bounds() -> None:
    deep: Any = {"message": "bottom"}
    for _ in range(5_000):
        deep = {"errors": [deep]}
    wide = {"message": "m", "errors": [{"errorCode": n} for n in range(50_000)]}
    assert read_error(deep, b"", {}).codes == ()
    assert len(read_error(wide, b"", {}).codes) < 2_000


@pytest.mark.parametrize("content", [b"{", b"<html>", b"NaN", b"\xff\xfe", b"[" * 100_000, b'{"a": Infinity}'])
def test_a_body_that_is_not_strict_json_is_a_value_error_and_nothing_else(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the promise
        decode_json(content)


def test_an_empty_body_is_none_and_a_byte_order_mark_is_no_harm() -> None:
    assert decode_json(b" \n") is None
    assert decode_json(b"\xef\xbb\xbf{}") == {}


def test_the_tracking_id_of_the_body_wins_over_the_header() -> None:
    assert tracking_id({"trackingId": "B"}, {"trackingid": "H"}) == "B"
    assert tracking_id({"trackingId": 5}, {"trackingid": "H"}) == "H"
    assert tracking_id([], {}) == ""


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["errors", "error", "message", "errorCode", "code", "detail", "x"]), inner)
    ),
    max_leaves=20,
)


@given(_JSON)
def test_no_json_body_makes_the_reader_raise(body: Any) -> None:
    error = read_error(body, json.dumps(body).encode(), {})
    assert len(error.message) <= MESSAGE_LIMIT
    assert all(isinstance(code, str) and code for code in error.codes)
