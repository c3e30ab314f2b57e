"""Which rows run together: those that may share one call.

Only rows that write the same remote entities go together: they would have to run one after the other anyhow. Each
keeps its own look-ups, intent, judgement and record.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from webex_provision.actions.declaration import EntityType, RowContext, Together, Write
from webex_provision.actions.row import Row
from webex_provision.engine.progress import RowResult


@dataclass
class Party:
    """Rows that run together, mostly one; `touched` are the remote entities that each of them writes.

    `fault` is how the one row ends whose entities can't be told.
    """

    touched: list[str]
    rows: list[Row]
    fault: RowResult | None = None
    size: int = field(default=0, repr=False)


def together_of(entity_type: EntityType) -> Together | None:
    """How the type's rows share their last call; None: each has its own."""
    last = entity_type.steps[-1]
    return last.together if isinstance(last, Write) else None


def parties(
    entity_type: EntityType,
    rows: Sequence[Row],
    touches: Callable[[EntityType, Row], list[str] | RowResult],
    context: Callable[[Row], RowContext],
) -> list[Party]:
    """All rows, each in one party, in the order of the first row of each."""
    together, found = together_of(entity_type), list[Party]()
    open_parties: dict[tuple[str, ...], Party] = {}
    for row in rows:
        touched = touches(entity_type, row)
        if isinstance(touched, RowResult):
            found.append(Party([], [row], touched))
            continue
        party = Party(touched, [row])
        if together is not None and touched:
            party.size = together.size(context(row))
            joined = open_parties.get(tuple(sorted(touched)))
            if joined is not None and joined.size + party.size <= together.most:
                joined.rows.append(row)
                joined.size += party.size
                continue
            open_parties[tuple(sorted(touched))] = party
        found.append(party)
    return found
