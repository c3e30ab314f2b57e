"""What an entity type does, told from its declaration alone: the documents of `explain`, as plain JSON values.

Nothing here is written about a single type. What the engine does with every row stands in `ANY_ROW`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import cache
from typing import Any

import polars as pl

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.actions.columns import COMMON_COLUMNS, SHARED, SHARED_COLUMNS
from webex_provision.actions.declaration import (
    Attach,
    Check,
    Column,
    EntityType,
    Expect,
    FailureRule,
    Index,
    Lookup,
    LookupMany,
    Repeat,
    Step,
    Wait,
    Write,
)
from webex_provision.actions.failures import COMMON_FAILURES
from webex_provision.config import Settings
from webex_provision.templates import example_row
from webex_provision.vocabulary import Reason
from webex_provision.wire import Endpoint, endpoint_family

Document = dict[str, Any]

_ANY_SCOPE = "scope"  # the lists of all scopes are had by one operation
INTAKE, ANY_CALL, ENGINE = "intake", "any call", "any step"  # where a reason comes from that no step declares
ANY_ROW: tuple[tuple[Reason, str, str], ...] = (
    (Reason.INVALID_INPUT_SCHEMA, INTAKE, "a cell breaks its column's kind, bounds or a rule"),
    (Reason.DUPLICATE_KEY, INTAKE, "another row has the key, or a value that one owner holds alone"),
    (Reason.OUT_OF_SCOPE, INTAKE, "a filled cell in a column that the type does not have"),
    (Reason.NON_RETRYABLE_EXTERNAL, ANY_CALL, "a refusal that no rule names"),
    (Reason.RETRY_EXHAUSTED, ANY_CALL, "no usable answer after all retries"),
    (Reason.INVALID_RESPONSE_SCHEMA, ANY_CALL, "an answer without what proves success"),
    (Reason.HALF_APPLIED, ENGINE, "a step failed after an earlier one had changed the tenant"),
    (Reason.UNHANDLED_EXCEPTION, ENGINE, "a fault of this program"),
)


def explain(declared: EntityType) -> Document:
    """Everything about one entity type."""
    steps = list(_steps(declared))
    example = example_row(declared, declared.name)
    columns = (*COMMON_COLUMNS, *declared.columns)
    order = ENTITY_TYPES.index(declared)
    return {
        **_line(declared),
        "runs_after": ENTITY_TYPES[order - 1].name if order else None,
        "runs_before": ENTITY_TYPES[order + 1].name if order + 1 < len(ENTITY_TYPES) else None,
        "entity_key": _entity_key(declared),
        "referred_to_by": ["entity_key", *declared.called],
        "columns": [_column(column) | {"example": example.get(column.name) or column.example} for column in columns],
        "refused_columns": list(declared.identity_columns),
        "rules": [
            *({"column": rule.column, "message": rule.message} for rule in declared.rules),
            *({"column": apart.column, "message": apart.message} for apart in declared.apart),
        ],
        "held_by_one_owner": [asdict(claim) for claim in declared.claims],
        "taken_from_other_rows": [
            {"columns": list(join.columns), "entity_types": list(join.from_types)} for join in declared.joins
        ],
        "out_of_scope": [{"column": wish.column, "message": wish.message} for wish in declared.out_of_scope],
        "needs": _needs(declared),
        "steps": steps,
        "scopes": sorted({step["scope"] for step in steps if step["scope"]}),
        "limits": _limits(declared, steps),
        "reasons": _reasons(declared),
        "example": example,
    }


def overview() -> Document:
    """All types in execution order, and the columns that more than one of them has."""
    return {
        "types": [_line(declared) for declared in ENTITY_TYPES],
        "columns_of_every_row": [_column(column) for column in COMMON_COLUMNS],
        "shared_columns": [_column(column) | {"used_by": _users(column)} for column in SHARED],
    }


def facts(column: Column, quote: str = "") -> Iterator[str]:
    """What a cell may hold, in a few words each."""
    if column.choices:
        yield " / ".join(f"{quote}{choice}{quote}" for choice in column.choices)
    else:
        yield f"list of {column.kind}s" if column.many else str(column.kind)
    if column.smallest is not None or column.largest is not None:
        unit = "" if column.kind in {"integer", "decimal"} else " characters"
        yield f"{_range(column)}{unit}"
    if column.most_items is not None:
        yield f"at most {column.most_items} items"
    if column.attribute is not None:
        yield f"{quote}=<{column.attribute}>{quote}"
    if column.clearable:
        yield "clearable"
    yield from (f"formerly {quote}{name}{quote}" for name in column.old_names)


def _range(column: Column) -> str:
    if column.largest is None:
        return f"at least {column.smallest}"
    return f"at most {column.largest}" if column.smallest is None else f"{column.smallest} to {column.largest}"


def _line(declared: EntityType) -> Document:
    return {
        "entity_type": declared.name,
        "aliases": list(declared.aliases),
        "phase": int(declared.phase),
        "order": ENTITY_TYPES.index(declared) + 1,
        "title": declared.title,
    }


def _column(column: Column) -> Document:
    return {
        "name": column.name,
        "required": column.required,
        "shared": column.name in SHARED_COLUMNS,
        "what": column.help,
        "values": list(facts(column)),
        "kind": str(column.kind),
        "list": column.many,
        "choices": list(column.choices),
        "smallest": column.smallest,
        "largest": column.largest,
        "most_items": column.most_items,
        "pattern": column.pattern,
        "attribute": column.attribute,
        "clearable": column.clearable,
        "api_field": column.feeds,
        "example": column.example,
    }


def _users(column: Column) -> list[str]:
    return [declared.name for declared in ENTITY_TYPES if column.name in {own.name for own in declared.columns}]


def _entity_key(declared: EntityType) -> Document:
    """The columns that a blank key is derived from, and the key of the example row."""
    cells = example_row(declared, declared.name)
    names = [column.name for column in declared.columns]
    row = pl.DataFrame({name: [cells.get(name)] for name in names}, schema=dict.fromkeys(names, pl.String))
    return {
        "derived_from": list(dict.fromkeys(declared.entity_key.meta.root_names())),
        "example": row.select(declared.entity_key).item(),
    }


# --- what a type needs -----------------------------------------------------------------------------------------


def _needs(declared: EntityType) -> list[Document]:
    """The remote lists in which a row looks things up, and the types whose rows put them there."""
    indexes = dict.fromkeys(step.index for step in declared.steps if isinstance(step, Lookup | LookupMany))
    return [{"list": index.name, "made_by": _makers(index)} for index in indexes]


def _makers(index: Index) -> list[str]:
    return [other.name for other in ENTITY_TYPES if other.name in index.made_by or index in _created_by(other)]


@cache
def _created_by(declared: EntityType) -> frozenset[Index]:
    """The lists that tell whether what a type creates is there."""
    rechecked = {step.recheck for step in declared.steps if isinstance(step, Write) and step.creates}
    return frozenset(step.index for step in declared.steps if isinstance(step, Lookup) and step.name in rechecked)


# --- steps -----------------------------------------------------------------------------------------------------


def _steps(declared: EntityType) -> Iterator[Document]:
    """Each step once, however many calls of its kind there are in a row."""
    seen: list[Document] = []
    for step in declared.steps:
        told = _step(step)
        if told not in seen:
            seen.append(told)
            yield told


def _step(step: Step) -> Document:
    endpoint = _endpoint(step)
    told: Document = {
        "step": step.name,
        "kind": "lookup" if isinstance(step, Lookup | LookupMany) else type(step).__name__.casefold(),
        "call": str(endpoint) if endpoint else None,
        "scope": endpoint.scope if endpoint else None,
        "rate_family": endpoint_family(endpoint.method, endpoint.path) if endpoint else None,
    }
    if isinstance(step, Lookup | LookupMany):
        must = step.absent is not None
        found = "found, exactly one" if must else "found, or known to be absent"
        if isinstance(step, Lookup) and step.wants_absence:
            found = "found, or still absent when lists can't lag any more"
        if isinstance(step, Lookup) and step.bulk is not None:
            found += f"; asked for up to {step.bulk.most} rows at once by {step.bulk.endpoint}, where that can be had"
        return told | {"list": step.index.name, "success": found, "must_exist": must}
    if isinstance(step, Check):
        return told | {"success": "nothing speaks against it"}
    if isinstance(step, Attach):
        return told | {"success": f"the file is there and has {step.largest / 2**20:g} MiB at most"}
    told |= {"success": _success(step.expect), "expect": _expect(step.expect)}
    if isinstance(step, Wait):
        return told | {"seconds_between_looks": step.every}
    return told | _repeat(step) if isinstance(step, Write) else told


def _endpoint(step: Step) -> Endpoint | None:
    if isinstance(step, Lookup | LookupMany):
        return step.index.list_all(_ANY_SCOPE).endpoint
    return None if isinstance(step, Attach | Check) else step.endpoint


def _expect(expect: Expect) -> Document:
    return {"statuses": list(expect.statuses), "fields": list(expect.fields), "proof": expect.proof is not None}


def _success(expect: Expect) -> str:
    statuses = " or ".join(str(status) for status in expect.statuses)
    fields = f" with {', '.join(expect.fields)}" if expect.fields else ""
    return f"{statuses}{fields}{', and its content proves it' if expect.proof else ''}"


def _repeat(step: Write) -> Document:
    if step.repeat is Repeat.SAFE:
        told = "safe to send again"
    else:
        told = f"again only when {step.recheck} shows that it was not applied"
        told += "; Webex refuses a second one" if step.refuses_twins else ""
    if step.together is not None:
        told += f"; rows that write the same entities share it, {step.together.most} {step.together.of} at most"
    return {
        "repeat": str(step.repeat),
        "repeat_told": told,
        "recheck": step.recheck or None,
        "refuses_twins": step.refuses_twins,
        "creates": step.creates,
        "taken_back_by_compensation": step.compensate is not None,
        "read_back_by_verify_writes": step.reads_back,
        "settles_after": step.settles_after or None,
        "unsettled_codes": list(step.unsettled),
        "second_look": str(step.second_look.read.endpoint) if step.second_look else None,
    }


def _limits(declared: EntityType, steps: Iterable[Document]) -> Document:
    """What bounds its calls; what bounds its cells stands with the columns."""
    waits = any(isinstance(step, Wait) for step in declared.steps)
    names = ("requests_per_second", "max_in_flight", *(("job_wait_seconds",) if waits else ()))
    return {
        "rate_families": sorted({step["rate_family"] for step in steps if step["rate_family"]}),
        "settings": {
            name.upper(): {
                "default": Settings.model_fields[name].default,
                "what": Settings.model_fields[name].description,
            }
            for name in names
        },
    }


# --- reasons ---------------------------------------------------------------------------------------------------


def _reasons(declared: EntityType) -> list[Document]:
    """Every reason that can come out, with its remedy and when it does; those of the type itself first."""
    when: dict[Reason, list[Document]] = {}
    for reason, where, why in (*_own_reasons(declared), *_reasons_of_all()):
        told = {"step": where, "why": why}
        if told not in when.setdefault(reason, []):
            when[reason].append(told)
    return [
        {"reason": str(reason), "remedy": reason.remedy, "when": when[reason]} for reason in Reason if reason in when
    ]


def _own_reasons(declared: EntityType) -> Iterator[tuple[Reason, str, str]]:
    if declared.identity_columns:
        yield Reason.OUT_OF_SCOPE, INTAKE, "a filled column of identity, which only the directory changes"
    for wish in declared.out_of_scope:
        yield Reason.OUT_OF_SCOPE, INTAKE, f"{wish.column}: {wish.message}"
    for step in declared.steps:
        for reason, why in _reasons_of(step):
            yield reason, step.name, why


def _reasons_of(step: Step) -> Iterator[tuple[Reason, str]]:
    if isinstance(step, Check):
        yield from ((reason, "what was found speaks against it") for reason in step.reasons)
        return
    if isinstance(step, Attach):
        yield Reason.PRECONDITION_MISSING, "the file can't be had"
        return
    if isinstance(step, Lookup | LookupMany):
        yield from ((reason, f"not among the {step.index.name}") for reason in step.reasons)
        if isinstance(step, LookupMany) and step.absent is not None:
            yield Reason.NON_RETRYABLE_EXTERNAL, f"several {step.index.name} have the name"
        if isinstance(step, Lookup) and step.choose is None:
            yield step.ambiguous, f"several {step.index.name} have the name"
        if isinstance(step, Lookup):
            yield from ((rule.reason, _when(rule)) for rule in step.failures)
        return
    yield from ((reason, "the answer's content does not prove it") for reason in step.expect.reasons)
    yield from ((rule.reason, _when(rule)) for rule in step.failures)
    if isinstance(step, Wait):
        yield from ((reason, "not done in JOB_WAIT_SECONDS") for reason in step.reasons)
    elif step.why is not None:
        yield from ((reason, "what Webex tells after a refusal") for reason in step.why.reasons)


def _reasons_of_all() -> Iterator[tuple[Reason, str, str]]:
    yield from ANY_ROW
    yield from ((rule.reason, ANY_CALL, _when(rule)) for rule in COMMON_FAILURES)


def _when(rule: FailureRule) -> str:
    status = "" if rule.status is None else str(rule.status)
    codes = f"code {' or '.join(rule.codes)}" if rule.codes else ""
    text = f"'{rule.text}'" if rule.text else ""
    said = " ".join(part for part in (status, codes, text) if part)
    return f"{said}: {rule.advice}" if rule.advice else said
