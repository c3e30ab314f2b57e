"""call_pickup_group: every member is sent every time, as a plain id, and nobody is in two groups."""

import pytest

from webex_provision.sandbox.answers import Record
from webex_provision.sandbox.virtual_lines import add_virtual_line
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import read_csv, workspace
from webex_provision_tests.stage import Stage, calling_users

KEY = "HQ/Ventas"
PICKUPS = "/telephony/config/locations/*/callPickups"
CREATE = {"method": "POST", "path": "/callPickups$"}
UPDATE = {"method": "PUT", "path": "/callPickups/[^/]+$"}


def pickup(name: str = "Ventas", members: str = "ana@example.com", **cells: str) -> dict[str, str]:
    row = {"entity_type": "call_pickup_group", "location_key": "HQ", "pickup_name": name, "pickup_members": members}
    return row | cells


@pytest.fixture
def site(stage: Stage) -> Stage:
    """Two locations; three users and a workspace that call, a virtual line."""
    location = stage.location("HQ")
    stage.location("Sevilla")
    calling_users(stage, ana="2101", luis="2102", eva="2103")
    add_virtual_line(stage.tenant, location, "Puerta", "Norte", "2701")
    stage.play(workspace("Sala Goya", "2301"))
    return stage


def group(stage: Stage, name: str = "Ventas") -> Record:
    (found,) = stage.named("call_pickups", name)
    return found


def test_a_new_group_is_one_post_with_plain_ids(site: Stage) -> None:
    play = site.play(
        pickup(
            members="luis@example.com|workspace:Sala Goya|virtual_line:Puerta Norte|ana@example.com",
            pickup_notification_type="audio and visual",
            pickup_notification_delay="8",
        )
    )
    assert play.state is RunState.COMPLETED
    assert play.bodies("POST", "/callPickups") == [
        {
            "name": "Ventas",
            "notificationType": "AUDIO_AND_VISUAL",
            "notificationDelayTimerSeconds": 8,
            "agents": site.ids("luis", "Sala Goya", "Puerta Norte", "ana"),
        }
    ]
    assert play.writes == [f"POST {PICKUPS}"]
    assert play.last(KEY)["remote_id"] == group(site)["id"]


def test_an_update_says_all_members_and_leaves_what_is_blank(site: Stage) -> None:
    site.play(pickup(pickup_notification_type="VISUAL_ONLY"))
    play = site.play(pickup(members="luis@example.com", pickup_notification_delay="9"))
    assert play.state is RunState.COMPLETED
    assert play.bodies("PUT", "") == [
        {"name": "Ventas", "notificationDelayTimerSeconds": 9, "agents": site.ids("luis")}
    ]
    held = group(site)
    assert (held["notificationType"], held["agents"]) == ("VISUAL_ONLY", site.ids("luis"))


def test_a_lone_dash_empties_the_group(site: Stage) -> None:
    site.play(pickup())
    play = site.play(pickup(members="-"))
    assert play.bodies("PUT", "") == [{"name": "Ventas", "agents": []}]
    assert group(site)["agents"] == []


def test_the_id_that_the_answer_carries_is_the_groups_id_from_then_on(site: Stage) -> None:
    """The id holds the name: another spelling of it is another id."""
    site.play(pickup())
    old = group(site)["id"]
    play = site.play(pickup("VENTAS"))
    new = group(site, "VENTAS")["id"]
    assert new != old
    assert play.last("HQ/VENTAS")["remote_id"] == new
    assert site.play(pickup("VENTAS", "eva@example.com")).state is RunState.COMPLETED


def test_the_same_row_again_creates_nothing(site: Stage) -> None:
    play = site.play(pickup(members="ana@example.com|workspace:Sala Goya"), pickup("Soporte", "eva@example.com"))
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.calls("POST") == []
    assert site.tenant.normalised() == before


def test_one_list_a_location_serves_all_rows(site: Stage) -> None:
    site.play(pickup("Ventas Norte"), pickup("A", "luis@example.com"))
    play = site.play(
        pickup("Ventas Norte"),
        pickup("A", "luis@example.com"),
        pickup("ventas", "eva@example.com") | {"location_key": "Sevilla"},
    )
    asked = [entry["query"] for entry in play.calls("GET", "/callPickups")]
    assert sorted(asked, key=str) == [{"max": "1000"}, {"max": "1000"}, {"name": "ventas", "max": "1000"}]
    assert len(play.calls("POST")) == 1


def test_a_member_of_two_rows_is_rejected_in_both(site: Stage) -> None:
    play = site.play(
        pickup(members="ana@example.com|luis@example.com"),
        pickup("Soporte", "eva@example.com|LUIS@example.com") | {"location_key": "Sevilla"},
        pickup("Otro", "workspace:Sala Goya"),
    )
    rejected = read_csv(play.folder / "rejected_rows.csv")
    assert [row["reason_code"] for row in rejected] == ["duplicate_key"] * 2
    assert all("'luis@example.com' is claimed by row" in row["reason_message"] for row in rejected)
    assert play.outcomes == {"HQ/Otro": "success"}


def test_a_member_of_another_group_of_the_tenant_waits_with_a_word_on_what_to_do(site: Stage) -> None:
    """4471; once the other group lets go of the member, a retry succeeds."""
    site.play(pickup("Antiguo"))
    play = site.play(pickup())
    assert play.outcome(KEY) == "non_retryable_external"
    assert "4471" in play.why(KEY)["reason_message"]
    assert "take that member out there" in play.why(KEY)["reason_message"]
    site.play(pickup("Antiguo", "eva@example.com"))
    assert play.retry() is RunState.COMPLETED


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("none@example.com", "user_not_found"),
        ("workspace:Sala Nada", "workspace_not_found"),
        ("virtual_line:Nada", "resource_dependency_missing"),
        ("workspace:Sala Goya@Nada", "resource_dependency_missing"),
    ],
)
def test_one_missing_member_stops_the_row_before_any_write(site: Stage, member: str, reason: str) -> None:
    site.play(pickup())
    play = site.play(pickup(members=f"ana@example.com|{member}"))
    assert play.outcome(KEY) == reason
    assert play.writes == []
    assert group(site)["agents"] == site.ids("ana")


def test_a_member_who_does_not_call_is_a_missing_precondition(site: Stage) -> None:
    site.people("new")
    assert site.play(pickup(members="new@example.com")).outcome(KEY) == "precondition_missing"


def test_a_location_without_calling_or_not_there_stops_the_row(site: Stage) -> None:
    site.location("Cadiz", calling=False)
    play = site.play(pickup() | {"location_key": "Cadiz"}, pickup("B", "eva@example.com") | {"location_key": "X"})
    assert play.outcomes == {"Cadiz/Ventas": "precondition_missing", "X/B": "resource_dependency_missing"}


def test_an_extension_is_out_of_scope_with_the_way_out(site: Stage) -> None:
    play = site.play(pickup(pickup_extension="2600"))
    assert play.outcome(KEY) == "out_of_scope"
    assert "use a hunt_group row" in play.why(KEY)["reason_message"]
    assert play.writes == []


def test_a_create_whose_answer_was_lost_is_found_and_not_repeated(site: Stage) -> None:
    site.faults({**CREATE, "last": 1, "effect": "ghost"})
    play = site.play(pickup())
    assert play.state is RunState.COMPLETED
    assert len(play.calls("POST")) == 1


def test_a_taken_name_is_updated(site: Stage) -> None:
    """The list did not show it twice; the refusal is followed by one more look."""
    site.play(pickup())
    site.faults({"method": "GET", "path": "/callPickups$", "last": 2, "effect": "missing_fields", "fields": ("id",)})
    play = site.play(pickup(members="eva@example.com"))
    assert play.state is RunState.COMPLETED
    assert play.writes == [f"POST {PICKUPS}", f"PUT {PICKUPS}/*"]
    assert group(site)["agents"] == site.ids("eva")


@pytest.mark.parametrize("rule", [CREATE, UPDATE])
def test_an_answer_without_id_proves_nothing(site: Stage, rule: dict[str, str]) -> None:
    if rule is UPDATE:
        site.play(pickup())
    site.faults({**rule, "effect": "missing_fields"})
    assert site.play(pickup()).outcome(KEY) == "invalid_response_schema"


@pytest.mark.parametrize("cells", [{"pickup_notification_delay": "0"}, {"pickup_name": "x" * 81}])
def test_cells_out_of_bounds_are_rejected(site: Stage, cells: dict[str, str]) -> None:
    play = site.play(pickup(**cells))
    assert len(read_csv(play.folder / "rejected_rows.csv")) == 1
