"""Explanations of entity types as tables for people; what they say is made in `webex_provision.explanation`."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from webex_provision.console.screen import say, stdout
from webex_provision.explanation import Document
from webex_provision.vocabulary import Phase


def show_overview(document: Document) -> None:
    """One line a type, then the columns that are common."""
    rows = [(_of(line), str(line["phase"]), str(line["order"]), line["title"]) for line in document["types"]]
    _table(("entity type", "phase", "order", "what it does"), rows)
    _section("Columns of every row")
    _table(("column", "needed", "what"), [_column(column)[:3] for column in document["columns_of_every_row"]])
    _section("Columns that several types share")
    shared = [(column["name"], _what(column), ", ".join(column["used_by"])) for column in document["shared_columns"]]
    _table(("column", "what", "used by"), shared)
    say("")
    say("webex-provision explain TYPE tells all about one of them; webex-provision template --type TYPE starts a CSV.")


def show_explanation(document: Document) -> None:
    """Everything about one type, top to bottom as a row meets it."""
    say(_of(document), style="bold")
    say(document["title"])
    _place(document)
    _section("Columns")
    _table(("column", "needed", "what", "API field", "example"), [_column(column) for column in document["columns"]])
    _rules(document)
    _section("What it looks up, and which rows put it there")
    _table(("list", "made by"), [(need["list"], ", ".join(need["made_by"]) or "-") for need in document["needs"]])
    _section("Steps")
    steps = [
        (step["step"], step["kind"], step["call"] or "-", step["success"], step.get("repeat_told", ""))
        for step in document["steps"]
    ]
    _table(("step", "kind", "call", "succeeds with", "when its answer was lost"), steps)
    _section("Scopes and pace")
    say(f"scopes: {', '.join(document['scopes'])}")
    say(f"rate limits shared within: {', '.join(document['limits']['rate_families'])}")
    for name, setting in document["limits"]["settings"].items():
        say(f"{name}={setting['default']}: {setting['what']}")
    _section("Reasons that can come out")
    _reasons(document)


def _of(line: Document) -> str:
    return " = ".join((line["entity_type"], *line["aliases"]))


def _place(document: Document) -> None:
    key = document["entity_key"]
    neighbours = (("after", document["runs_after"]), ("before", document["runs_before"]))
    place = ", ".join(f"{word} {name}" for word, name in neighbours if name)
    phase = Phase(document["phase"])
    say(f"phase {int(phase)} ({phase.name.casefold()}), number {document['order']} in order: {place}")
    say(f"entity_key, when blank: from {', '.join(key['derived_from'])}; of the example row: {key['example']}")
    say(f"other rows refer to it by {' or '.join(document['referred_to_by'])}")


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


def _reasons(document: Document) -> None:
    table = _empty(("reason", "when", "what to do"))
    for reason in document["reasons"]:
        when = "\n".join(f"{case['step']}: {case['why']}" for case in reason["when"])
        table.add_row(reason["reason"], Text(when), reason["remedy"])
    stdout().print(table)


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
            say(f"- {line}")


def _empty(columns: Sequence[str]) -> Table:
    """Names of columns, steps and calls are to be copied: they fold last."""
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = _empty(columns)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    stdout().print(table)
