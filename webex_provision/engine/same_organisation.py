"""A roll-out stays with the organisation in which it began."""

from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.runs import read_runs
from webex_provision.webex.errors import PreflightFailed
from webex_provision.webex.organisation import organisation_uuid


def refuse_another(folder: RollOutFolder, org_id: str) -> None:
    """Raises PreflightFailed when an earlier run of the folder worked in another organisation than `org_id`.

    What the ledger calls a success is one there; with a token of elsewhere half of a site would come to stand in each.
    """
    told = [record.org_id for record in read_runs(folder).records if record.org_id]
    if told and _comparable(told[-1]) != _comparable(org_id):
        raise PreflightFailed(
            f"This roll-out was begun in organisation {_comparable(told[-1])}, and the token belongs to "
            f"{_comparable(org_id) or 'one that it does not name'}.",
            "Use a token of that organisation; for another one start a new roll-out with another --output-dir.",
        )


def _comparable(org_id: str) -> str:
    return organisation_uuid(org_id) or org_id
