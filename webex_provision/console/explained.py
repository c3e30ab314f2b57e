"""Explanations of entity types as tables for people; what they say is made in `webex_provision.explanation`."""

from collections.abc import Sequence

from webex_provision.console.screen import say, say_folded
from webex_provision.console.tables import show_table
from webex_provision.explanation import Document
from webex_provision.vocabulary import Phase

_WHAT = {"what": ""}


def show_overview(document: Document) -> None:
    """One line a type, then the columns that are common."""
    rows = [(_of(line), str(line["phase"]), str(line["order"]), line["title"]) for line in document["types"]]
    show_table(("entity type", "phase", "order", "what it does"), rows, {"what it does": ""})
    _section("Columns of every row")
    show_table(
        ("column", "needed", "what"), [_column(column)[:3] for column in document["columns_of_every_row"]], _WHAT
    )
    _section("Columns that several types share")
    shared = [(column["name"], _what(column), ", ".join(column["used_by"])) for column in document["shared_columns"]]
    show_table(("column", "what", "used by"), shared, _WHAT | {"used by": "used by "})
    say("")
    say_folded(
        "webex-provision explain TYPE tells all about one of them; webex-provision template --type TYPE starts a CSV."
    )


def show_explanation(document: Document) -> None:
    """Everything about one type, top to bottom as a row meets it."""
    say(_of(document), style="bold")
    say_folded(document["title"])
    _place(document)
    _section("Columns")
    columns = [_column(column) for column in document["columns"]]
    show_table(("column", "needed", "what", "API field", "example"), columns, _WHAT)
    _rules(document)
    _section("What it looks up, and which rows put it there")
    needs = [(need["list"], ", ".join(need["made_by"]) or "-") for need in document["needs"]]
    show_table(("list", "made by"), needs, {"made by": "made by "})
    _section("Steps")
    steps = [
        (step["step"], step["kind"], step["call"] or "", step["success"], step.get("repeat_told", ""))
        for step in document["steps"]
    ]
    told = {"succeeds with": "succeeds with: ", "when its answer was lost": "when its answer was lost: "}
    show_table(("step", "kind", "call", *told), steps, told)
    _section("Scopes and pace")
    say_folded(f"scopes: {', '.join(document['scopes'])}", rest="  ")
    say_folded(f"rate limits shared within: {', '.join(document['limits']['rate_families'])}", rest="  ")
    for name, setting in document["limits"]["settings"].items():
        say_folded(f"{name}={setting['default']}: {setting['what']}", rest="  ")
    _section("Reasons that can come out")
    reasons = [
        (reason["reason"], tuple(f"{case['step']}: {case['why']}" for case in reason["when"]), reason["remedy"])
        for reason in document["reasons"]
    ]
    show_table(("reason", "when", "what to do"), reasons, {"when": "", "what to do": "what to do: "})


def _of(line: Document) -> str:
    return " = ".join((line["entity_type"], *line["aliases"]))


def _place(document: Document) -> None:
    key = document["entity_key"]
    neighbours = (("after", document["runs_after"]), ("before", document["runs_before"]))
    place = ", ".join(f"{word} {name}" for word, name in neighbours if name)
    phase = Phase(document["phase"])
    say_folded(f"phase {int(phase)} ({phase.name.casefold()}), number {document['order']} in order: {place}")
    say_folded(f"entity_key, when blank: from {', '.join(key['derived_from'])}; of the example row: {key['example']}")
    say_folded(f"other rows refer to it by {' or '.join(document['referred_to_by'])}")


def _rules(document: Document) -> None:
    lines = [rule["message"] for rule in document["rules"]]
    lines += [
        f"{', '.join(join['columns'])} may come from a row of {' or '.join(join['entity_types'])} instead"
        for join in document["taken_from_other_rows"]
    ]
    held = ", ".join(dict.fromkeys(claim["column"] for claim in document["held_by_one_owner"]))
    lines += [f"what stands in {held} belongs to one owner alone"] if held else []
    refused = ", ".join(document["refused_columns"])
    lines += [f"rejected when filled, the directory owns who a person is: {refused}"] if refused else []
    _list("Rules", lines)
    wishes = document["out_of_scope"]
    _list("Not done here (the row waits as out_of_scope)", [f"{wish['column']}: {wish['message']}" for wish in wishes])


def _column(column: Document) -> tuple[str, ...]:
    needed = "yes" if column["required"] else ""
    return column["name"], needed, _what(column), column["api_field"], column["example"]


def _what(column: Document) -> str:
    return f"{column['what']} ({'; '.join(column['values'])})"


def _section(title: str) -> None:
    say("")
    say(title, style="bold")


def _list(title: str, lines: Sequence[str]) -> None:
    if lines:
        _section(title)
        for line in lines:
            say_folded(line, first="- ", rest="  ")
