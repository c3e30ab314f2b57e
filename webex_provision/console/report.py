"""The verb `report`: how a roll-out stands, as one HTML file that can be mailed. It asks nothing of any network.

Whatever comes from the CSV or from Webex is escaped by the template engine; and the page's own policy lets a browser
run no script but the page's, should anything ever slip through.
"""

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from webex_provision import __version__
from webex_provision.clock import Clock
from webex_provision.console.entity_types import unusable
from webex_provision.console.languages import Words
from webex_provision.console.past_runs import to_seconds, wish_of
from webex_provision.console.report_contents import Contents, contents_of
from webex_provision.console.screen import say
from webex_provision.console.standing import Standing
from webex_provision.console.timeline import HEIGHT, MOST_CHARTS, WIDTH
from webex_provision.ledger.errors import OutputNotWritable
from webex_provision.ledger.files import write_atomically
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.safe_text import printable
from webex_provision.webex.organisation import organisation_uuid

MARKER = "<!-- a report of webex-provision -->"
STATUSES = ("success", "pending", "not_reached", "rejected")
_NOTHING_ELSE = "default-src 'none'; base-uri 'none'; form-action 'none'"
_OPENING = f"<!doctype html>\n{MARKER}\n".encode()


def write_report(folder: RollOutFolder, path: Path | None, words: Words) -> None:
    """Writes it, readable by its owner only, and says where. Ends the process when another file stands there.

    An older report is replaced. Raises NoRollOut, CorruptLedger.
    """
    clock = Clock()
    contents = contents_of(RollOutFolder(folder.root.absolute()), clock)  # whoever reads its commands is elsewhere
    target = path or Path(f"{contents.manifest.input_id}-report.html")
    try:
        if target.exists() and not _is_report(target):
            raise unusable(f"{target} is there already and is not a report; choose another name with -o")
        write_atomically(target, page(contents, words, to_seconds(clock.timestamp())).encode())
    except OutputNotWritable as error:
        raise unusable(f"{target} cannot be written: {error.why}; choose another place with -o") from None
    except OSError as error:
        raise unusable(f"{target} cannot be used: {error.strerror}; choose another place with -o") from None
    say(str(target))


def _is_report(path: Path) -> bool:
    with path.open("rb") as handle:
        return handle.read(len(_OPENING)) == _OPENING


def page(contents: Contents, words: Words, made_at: str) -> str:
    """The whole document, in one language; `made_at` is told as its time."""
    style, script = _own_file("page.css"), _own_file("page.js")
    standing, groups = contents.standing, contents.waiting
    return _template().render(
        t=words,
        marker=MARKER,
        style=style,
        script=script,
        policy=f"{_NOTHING_ELSE}; style-src '{_digest(style)}'; script-src '{_digest(script)}'",
        made_at=made_at.removesuffix("Z"),
        version=__version__,
        manifest=contents.manifest,
        standing=standing,
        facts=list(_facts(contents, words)),
        next=standing.next_commands(words),
        runs=contents.runs,
        charts=contents.charts[:MOST_CHARTS],
        charts_left=len(contents.charts[MOST_CHARTS:]),
        width=WIDTH,
        height=HEIGHT,
        statuses=_statuses_shown(standing),
        retries=standing.retry_commands(),
        by_phase=contents.by_phase,
        by_type=contents.by_type,
        by_location=contents.by_location,
        waiting=groups,
        types_waiting=sorted({row.entity_type for group in groups for row in group.rows}),
        reasons_waiting=sorted({group.reason for group in groups}),
    )


def _statuses_shown(standing: Standing) -> list[str]:
    """The columns of tables: those that hold anything, and always the two that tell how a run went."""
    always = ("success", "pending")
    return [status for status in STATUSES if status in always or getattr(standing, status)]


def _facts(contents: Contents, words: Words) -> Iterator[tuple[str, str]]:
    manifest, standing = contents.manifest, contents.standing
    # The newest run of which Webex has said whose token it is; one that failed its checks may not know.
    known = next((run.record for run in contents.runs if run.record.token_owner or run.record.org_id), None)
    unknown = words("unknown")
    yield words("input"), manifest.csv_path
    yield words("input_hash"), manifest.input_hash
    yield words("roll_out"), str(standing.folder)
    yield words("tenant"), known.tenant if known else unknown
    yield words("organisation"), (organisation_uuid(known.org_id) or known.org_id) if known else unknown
    yield words("token_owner"), known.token_owner if known else unknown
    yield words("last_change"), to_seconds(standing.updated_at)
    if standing.holder or standing.message:
        told = words("worked_on_by", holder=standing.holder) if standing.holder else standing.message
        yield words("message"), told


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, finalize=_shown)
    environment.filters["seconds"] = to_seconds
    environment.filters["wish"] = wish_of
    return environment.from_string(_own_file("page.html"))


def _shown(value: object) -> object:
    """Texts of others without marks that turn their direction round; what the page itself is made of, as it is."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _own_file(name: str) -> str:
    return (files("webex_provision.console") / "report_page" / name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    """As a page's policy names the one style or script that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
