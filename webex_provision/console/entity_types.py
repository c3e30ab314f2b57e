"""Entity types by name, explained, and templates of their rows: what an operator asks for before there is a CSV."""

import difflib
from pathlib import Path

import typer

from webex_provision.actions.actions_registry import ENTITY_TYPES, entity_types_by_name
from webex_provision.actions.declaration import EntityType
from webex_provision.console.explained import show_explanation, show_overview
from webex_provision.console.screen import say, say_json, stdout
from webex_provision.explanation import explain, overview
from webex_provision.templates import names_of, template
from webex_provision.vocabulary import ExitCode

_MOST_NEAR = 5


def entity_type_named(name: str) -> EntityType:
    """The type behind a name or alias. Ends the process with the names that come close when there is none."""
    known = entity_types_by_name()
    if name in known:
        return known[name]
    wanted = name.casefold().replace("-", "_")
    near = difflib.get_close_matches(wanted[:200], known, n=_MOST_NEAR, cutoff=0.6)
    near += [other for other in known if len(wanted) > 2 and wanted in other]
    close = f"; did you mean {', '.join(list(dict.fromkeys(near))[:_MOST_NEAR])}?" if near else ""
    raise unusable(f"'{name[:200]}' is not an entity type{close} (webex-provision explain lists them all)")


def explain_type(name: str, *, as_json: bool) -> None:
    """All about one entity type."""
    document = explain(entity_type_named(name))
    if as_json:
        say_json(document)
    else:
        show_explanation(document)


def list_types(*, as_json: bool) -> None:
    """All entity types in execution order, and the columns that they share."""
    document = overview()
    if as_json:
        say_json(document)
    else:
        show_overview(document)


def write_template(path: Path | None, *, phases: tuple[int, ...], types: tuple[str, ...], force: bool) -> None:
    """Prints a template, or writes it; an existing file is replaced only with `force`. No choice: all types."""
    if phases and types:
        raise unusable("--phase and --type exclude each other; a template holds phases or types")
    for name in types:
        entity_type_named(name)
    chosen = list(types) or names_of(declared for declared in ENTITY_TYPES if not phases or declared.phase in phases)
    if path is None:
        stdout().file.write(template(chosen))
        return
    if path.exists() and not force:
        raise unusable(f"{path} is there already; choose another name, or replace it with --force")
    try:
        path.write_bytes(_content(path, chosen))
    except OSError as error:
        raise unusable(f"{path} cannot be written: {error.strerror}") from None
    say(f"{path}: example rows: {len(chosen)}. Mend them, empty what is not wanted, then webex-provision run {path}")


def _content(path: Path, chosen: list[str]) -> bytes:
    """A workbook where the name ends as one, else a CSV."""
    if path.suffix.lower() != ".xlsx":
        return template(chosen).encode()
    from webex_provision.workbook_template import workbook_template

    return workbook_template(chosen)


def unusable(message: str) -> typer.Exit:
    """The end of a process whose arguments can't be used, after one line that says why."""
    say(message, style="red", error=True)
    return typer.Exit(ExitCode.USAGE)
