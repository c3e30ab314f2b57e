"""Whatever pages a list comes in: of an honest server every entry once and in order, of any other a bounded end."""

from collections.abc import Callable
from itertools import accumulate
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from webex_provision.webex.errors import WebexError
from webex_provision.wire import ApiRequest
from webex_provision_tests.webex.tenant_double import BASE, ok, run, stage

Server = Callable[[httpx.Request], httpx.Response]
MAX = 100


def walked(server: Server, params: dict[str, int], *, start_honoured: bool = False, **changes: Any) -> tuple[Any, int]:
    """The ids of a whole walk, or the error that it ended with; and how often the server was asked."""

    async def scenario() -> tuple[Any, int]:
        async with stage(server, **changes) as on:
            found: list[str] = []
            pages = on.client.pages(ApiRequest("GET", "/x", params), items="items", start_honoured=start_honoured)
            try:
                async for answer in pages:
                    found += [entry["id"] for entry in answer.json["items"]]
            except WebexError as error:
                return error, len(on.script.requests)
            return found, len(on.script.requests)

    result: tuple[Any, int] = run(scenario())
    return result


def ids(first: int, count: int) -> list[dict[str, str]]:
    return [{"id": str(number)} for number in range(first, first + count)]


def linked(sizes: list[int], form: str) -> Server:
    """Pages of these sizes, each with a link to the next one in this form; `{}` is its query."""
    begins = [0, *accumulate(sizes)]

    def server(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", 0))
        link = form.format(f"page={page + 1}&max={MAX}") if page + 1 < len(sizes) else f'<{BASE}/x?page=0>; rel="first"'
        return ok({"items": ids(begins[page], sizes[page])}, Link=link)

    return server


LINKS = st.sampled_from(
    [
        f'<{BASE}/x?{{}}>; rel="next"',
        '</v1/x?{}>; rel="next"',
        "<?{}>; rel=next",
        f'<{BASE}/x?page=0>; rel="prev first", <{BASE}/x?{{}}>; title="a; b"; rel="next last"',
    ]
)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 7), min_size=1, max_size=8), LINKS)
def test_a_linked_list_gives_every_entry_once_in_one_call_a_page(sizes: list[int], form: str) -> None:
    found = walked(linked(sizes, form), {"max": MAX})
    assert found == ([str(number) for number in range(sum(sizes))], len(sizes))


@settings(max_examples=40)
@given(st.integers(0, 450), st.sampled_from([50, 100, 1000]), st.booleans())
def test_a_list_by_start_gives_every_entry_once_however_it_is_capped(total: int, cap: int, asked: bool) -> None:
    """The service may give fewer than `max` a page and say nothing of it."""
    size = min(cap, MAX) if asked else cap

    def server(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params.get("start", 0))
        return ok({"items": ids(start, max(0, min(size, total - start)))})

    found, calls = walked(server, {"max": MAX} if asked else {}, start_honoured=True)
    assert found == [str(number) for number in range(total)]
    assert calls <= total // size + 2


@settings(max_examples=40)
@given(st.lists(st.integers(1, 5), max_size=8), st.booleans())
def test_a_counted_list_gives_every_entry_once_whatever_the_sizes_of_its_pages(sizes: list[int], told: bool) -> None:
    total, ends = sum(sizes), list(accumulate(sizes))

    def server(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params["startIndex"])
        end = next((end for end in ends if end >= start), start - 1)
        body = {"items": ids(start, end - start + 1)}
        return ok(body | {"totalResults": total} if told else body)

    found, calls = walked(server, {"startIndex": 1, "count": MAX})
    assert found == [str(number) for number in range(1, total + 1)]
    assert calls == (max(len(sizes), 1) if told else len(sizes) + 1)


ANY_LINK = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
    st.sampled_from(["next", '"next', "prev"]).flatmap(
        lambda rel: st.text("/?x=1&:%<>.@", max_size=20).map(lambda target: f"<{target}>; rel={rel}")
    ),
    LINKS.flatmap(lambda form: st.integers(0, 9).map(lambda page: form.format(f"page={page}"))),
)
ANY_PAGE = st.one_of(
    st.lists(st.integers(0, 9).map(lambda number: {"id": str(number)}), max_size=4).map(
        lambda entries: {"items": entries}
    ),
    st.sampled_from([{}, [], None, {"items": None}, {"items": [], "totalResults": "many"}]),
)


@settings(max_examples=100)
@given(
    st.lists(st.tuples(ANY_PAGE, ANY_LINK), min_size=1, max_size=4),
    st.sampled_from([{}, {"max": 2}, {"startIndex": 1, "count": 2}]),
    st.booleans(),
)
def test_a_list_of_any_pages_and_links_ends_within_its_bound(
    pages: list[tuple[Any, str]], params: dict[str, int], start_honoured: bool
) -> None:
    """It is read to an end, or refused with an error of this room; the server turns its pages in a circle."""
    turn = iter(range(1_000))

    def server(_: httpx.Request) -> httpx.Response:
        body, link = pages[next(turn) % len(pages)]
        return ok(body, Link=link)

    found, calls = walked(server, params, start_honoured=start_honoured, max_pages=6)
    assert isinstance(found, list | WebexError)
    assert calls <= 6
