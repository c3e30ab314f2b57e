"""A list is walked to its end or refused; it is never silently short, and never leads to another host."""

from typing import Any

import pytest

from webex_provision.webex.errors import HostRefused, ListFailed, PageLimitReached
from webex_provision.webex.page_links import next_target
from webex_provision.wire import ApiRequest
from webex_provision_tests.webex.tenant_double import BASE, Reply, Stage, ok, run, stage, status

PEOPLE = ApiRequest("GET", "/people", {"max": 2})


def page(*ids: str, link: str = "") -> Any:
    headers = {"Link": f'<{link}>; rel="next"'} if link else {}
    return ok({"items": [{"id": entry} for entry in ids]}, **headers)


def walk(
    *replies: Reply, request: ApiRequest = PEOPLE, start_honoured: bool = False, **changes: Any
) -> tuple[list[str], Stage]:
    """The ids of a whole walk."""

    async def scenario() -> tuple[list[str], Stage]:
        async with stage(*replies, **changes) as on:
            found: list[str] = []
            async for answer in on.client.pages(request, items="items", start_honoured=start_honoured):
                found += [entry["id"] for entry in answer.json["items"]]
            return found, on

    return run(scenario())


def test_links_are_followed_to_the_last_page_as_they_are() -> None:
    found, on = walk(
        page("a", "b", link=f"{BASE}/people?max=2&cursor=x%2By%3D%3D"), page("c", link="/v1/people?cursor=z"), page("d")
    )
    assert found == ["a", "b", "c", "d"]
    assert on.script.paths == ["/people?max=2", "/people?max=2&cursor=x%2By%3D%3D", "/people?cursor=z"]
    assert on.client.stats.families["people"].calls == 3


def test_without_link_the_walk_ends_unless_the_endpoint_honours_start() -> None:
    """/people and /locations ignore `start` and would give the first page for ever."""
    assert walk(page("a", "b"), page("c", "d"))[0] == ["a", "b"]


def test_start_grows_by_what_was_received_until_a_short_page() -> None:
    found, on = walk(page("a", "b"), page("c", "d"), page("e"), start_honoured=True)
    assert found == ["a", "b", "c", "d", "e"]
    assert on.script.paths == ["/people?max=2", "/people?max=2&start=2", "/people?max=2&start=4"]


def test_a_page_of_a_round_size_below_max_may_be_a_silent_cap() -> None:
    """A service that gives 50 where 1000 were asked for, and says nothing, has not shown the whole list."""
    capped = [str(number) for number in range(50)]
    request = ApiRequest("GET", "/people", {"max": 1000})
    found, on = walk(page(*capped), page("x"), request=request, start_honoured=True)
    assert found == [*capped, "x"]
    assert on.script.paths[-1] == "/people?max=1000&start=50"


def test_a_list_that_has_shown_links_ends_with_its_last_link() -> None:
    """One call fewer a list, and no guess where the service has said it."""
    found, on = walk(page("a", "b", link="/v1/people?max=2&cursor=x"), page("c", "d"), start_honoured=True)
    assert found == ["a", "b", "c", "d"]
    assert len(on.script.requests) == 2


def test_start_goes_on_to_an_empty_page_where_the_page_size_is_unknown() -> None:
    found, on = walk(page("a", "b"), page("c"), page(), request=ApiRequest("GET", "/people"), start_honoured=True)
    assert found == ["a", "b", "c"]
    assert on.script.paths[-1] == "/people?start=3"


def test_a_page_that_brings_nothing_new_ends_the_walk() -> None:
    found, on = walk(page("a", "b"), start_honoured=True)
    assert found == ["a", "b"]
    assert len(on.script.requests) == 2


GROUPS = ApiRequest("GET", "/groups", {"startIndex": 1, "count": 2})


def counted(total: int | None, *ids: str) -> Any:
    told = {} if total is None else {"totalResults": total}
    return ok({"items": [{"id": entry} for entry in ids], **told})


def test_a_counted_list_steps_by_what_was_received_until_its_total() -> None:
    """A page may be shorter than asked for: the service caps `count` where it likes."""
    found, on = walk(counted(4, "a", "b"), counted(4, "c"), counted(4, "d"), request=GROUPS)
    assert found == ["a", "b", "c", "d"]
    paths = ["/groups?startIndex=1&count=2", "/groups?startIndex=3&count=2", "/groups?startIndex=4&count=2"]
    assert on.script.paths == paths


def test_a_counted_list_without_a_total_ends_with_an_empty_page() -> None:
    found, on = walk(counted(None, "a", "b"), counted(None, "c"), counted(None), request=GROUPS)
    assert found == ["a", "b", "c"]
    assert len(on.script.requests) == 3


def test_a_counted_list_that_is_empty_takes_one_call() -> None:
    found, on = walk(counted(0), request=GROUPS)
    assert found == []
    assert len(on.script.requests) == 1


@pytest.mark.parametrize("left_out", [{"totalResults": 0}, {"totalResults": 0, "items": None}], ids=str)
def test_an_empty_counted_list_may_be_left_out(left_out: dict[str, Any]) -> None:
    """SCIM allows it; without a total of 0 the list is not known, and refused."""
    found, on = walk(ok(left_out), request=GROUPS)
    assert (found, len(on.script.requests)) == ([], 1)
    with pytest.raises(ListFailed, match="without the list"):
        walk(ok(left_out | {"totalResults": 1}), request=GROUPS)


@pytest.mark.parametrize("last", [counted(4), counted(4, "a", "b")], ids=["an empty page", "the first page again"])
def test_a_counted_list_that_ends_short_of_its_total_is_refused(last: Any) -> None:
    with pytest.raises(ListFailed, match="ended after 2 of 4"):
        walk(counted(4, "a", "b"), last, request=GROUPS)


def test_a_400_on_a_counted_list_is_tried_once_without_count() -> None:
    found, on = walk(status(400), counted(1, "a"), request=GROUPS)
    assert found == ["a"]
    assert on.script.paths == ["/groups?startIndex=1&count=2", "/groups?startIndex=1"]


def test_an_entry_that_moved_to_the_next_page_does_not_end_the_walk() -> None:
    """Somebody adds a user while we read: the rest of the list must still be seen."""
    found, _ = walk(page("a", "b", link="/v1/people?c=1"), page("b", "c", link="/v1/people?c=2"), page("d"))
    assert sorted(set(found)) == ["a", "b", "c", "d"]


def test_entries_without_id_are_compared_as_a_whole() -> None:
    same = ok({"items": [{"phoneNumber": "+1"}, {"phoneNumber": "+2"}]})

    async def scenario() -> int:
        async with stage(same) as on:
            return len([answer async for answer in on.client.pages(PEOPLE, items="items", start_honoured=True)])

    assert run(scenario()) == 1


def test_a_link_that_leads_back_ends_the_walk_even_when_pages_are_empty() -> None:
    assert walk(page(link="/v1/people?c=1"), page(link="/v1/people?c=1"))[0] == []


def test_a_list_that_does_not_end_is_an_error_and_not_a_short_list() -> None:
    pages = [page(str(n), link=f"/v1/people?c={n}") for n in range(20)]
    with pytest.raises(PageLimitReached):
        walk(*pages, max_pages=5)
    assert len(walk(*pages[:4], page("last"), max_pages=5)[0]) == 5


@pytest.mark.parametrize("refusal", [400, 422])
def test_a_refused_page_size_is_tried_once_without_max_and_stays_without_it(refusal: int) -> None:
    found, on = walk(status(refusal), page("a"), page("b"), page(), start_honoured=True)
    assert found == ["a", "b"]
    assert on.script.paths == ["/people?max=2", "/people", "/people?start=1", "/people?start=2"]
    with pytest.raises(ListFailed) as caught:
        walk(status(refusal))
    assert caught.value.answer.status == refusal


@pytest.mark.parametrize("bad", [status(403, b'{"message":"no"}'), ok({"other": []}), ok({"items": None}), ok([])])
def test_a_refused_page_or_one_without_its_list_fails_the_whole_list(bad: Reply) -> None:
    with pytest.raises(ListFailed) as caught:
        walk(page("a", link="/v1/people?c=1"), bad)
    assert "incomplete" in str(caught.value)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1/people?c=1",
        "http://webex.test/v1/people?c=1",
        "https://webex.test:8443/v1/people",
        "https://webex.test@evil.example/v1/people",
        "https://user:pw@webex.test/v1/people",
        "https://evil.example\\@webex.test/v1/people",
        "//evil.example/v1/people",
        "https://webex.test/v2/people",
        "https://webex.test/v1/../secret",
        "https://webex.test:x/v1/people",
        "https://[webex.test/v1/people",
        "file:///v1/people",
    ],
)
def test_a_next_page_elsewhere_is_refused(link: str) -> None:
    """The token goes to WEBEX_BASE_URL and nowhere else."""
    with pytest.raises(HostRefused):
        next_target(BASE, "/people", f'<{link}>; rel="next"')

    async def scenario() -> int:
        async with stage(page("a", link=link), page("b")) as on:
            with pytest.raises(HostRefused):
                async for _ in on.client.pages(PEOPLE, items="items"):
                    pass
            return len(on.script.requests)

    assert run(scenario()) == 1


@pytest.mark.parametrize(
    ("header", "target"),
    [
        (None, None),
        ("", None),
        ("nonsense", None),
        ('<https://webex.test/v1/a?x=1>; rel="prev"', None),
        ('<https://webex.test/v1/a?x=1>; rel="prev", <https://webex.test/v1/b?y=2,3>; rel="next"', "/b?y=2,3"),
        ("<https://WEBEX.test:443/v1/a>; rel=next", "/a"),
        ('<?cursor=2>; title="t"; REL="last next"', "/people?cursor=2"),
    ],
)
def test_the_link_header_is_read_as_the_rfc_has_it(header: str | None, target: str | None) -> None:
    assert next_target(BASE, "/people", header) == target
