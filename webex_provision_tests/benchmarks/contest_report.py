"""What a contest came to: a table for the screen, JSON with all figures, and plots.

The plots need matplotlib (the optional extra `bench`), which is loaded only here.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from webex_provision.sandbox.limiter import LIMITS
from webex_provision_tests.benchmarks.contest import Circumstances, Outcome
from webex_provision_tests.benchmarks.contestants import BOUND, CONTESTANTS

_STEPS = 24
_SHORTEST_STEP = 5.0  # seconds; shorter ones would show the first burst and little else
_TOO_SLOW = 1.25
_COLOURS = ("#1b6ca8", "#c44e52", "#dd8452", "#55a868", "#8c8c8c")


def ratio_to_bound(outcomes: Sequence[Outcome], name: str, figure: str) -> float:
    """The median over rounds of a measured figure against that of the bound in the same round."""
    bounds = {outcome.round: getattr(outcome.measured, figure) for outcome in outcomes if outcome.name == BOUND}
    own = [outcome for outcome in outcomes if outcome.name == name]
    return median(getattr(outcome.measured, figure) / bounds[outcome.round] for outcome in own)


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A line for each contestant, medians over the rounds; it may stand in a Markdown document."""
    yield "| | calls | a row | refused | limit used | time | CPU | peak MB | passes |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name in CONTESTANTS:
        own = [outcome for outcome in outcomes if outcome.name == name]
        if not own:
            continue
        calls = median(len(outcome.calls) for outcome in own)
        refused = median(outcome.refused / len(outcome.calls) for outcome in own)
        used = [outcome.limit_used for outcome in own if outcome.limit_used is not None]
        cells = [
            f"{calls:.0f}",
            f"{calls / own[0].rows:.2f}",
            f"{refused:.0%}",
            f"{median(used):.0%}" if used else "-",
            f"{ratio_to_bound(outcomes, name, 'seconds'):.2f}",
            f"{ratio_to_bound(outcomes, name, 'cpu_seconds'):.1f}",
            f"{median(outcome.measured.peak_bytes for outcome in own) / 1e6:.0f}",
            f"{median(outcome.measured.starts for outcome in own):.0f}",
        ]
        yield f"| {name} | {' | '.join(cells)} |"


def doubt(outcomes: Sequence[Outcome]) -> str:
    """Why the times are not to be trusted: the bound itself was slower than arithmetic says. Empty when they are."""
    slowdowns = [
        outcome.measured.seconds / outcome.least_seconds
        for outcome in outcomes
        if outcome.name == BOUND and outcome.least_seconds > 0
    ]
    if not slowdowns or median(slowdowns) < _TOO_SLOW:
        return ""
    return (
        f"this machine was too slow or too busy: the bound took {median(slowdowns):.2f} times what its limits allow; "
        "take a lower --speed or more --rows"
    )


def write_json(path: Path, circumstances: Circumstances, outcomes: Sequence[Outcome]) -> None:
    """All figures, raw."""
    told: dict[str, Any] = {
        "circumstances": asdict(circumstances),
        "outcomes": [outcome.as_dict() for outcome in outcomes],
    }
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def write_plots(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """`throughput.png` and `calls.png`, of the last round."""
    import matplotlib as mpl  # noqa: PLC0415 - an optional extra, and slow to load

    mpl.use("Agg")
    last = max(outcome.round for outcome in outcomes)
    shown = [outcome for outcome in outcomes if outcome.round == last]
    _throughput(folder / "throughput.png", shown)
    _calls(folder / "calls.png", shown)


def _throughput(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Calls a minute that were let in, over the tenant's time."""
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(figsize=(8, 4))
    for outcome, colour in zip(outcomes, _COLOURS, strict=False):
        first = min(second for second, *_ in outcome.calls)
        at = [second - first for second, *_, status in outcome.calls if status != 429]
        span = max(max(at) / _STEPS, _SHORTEST_STEP)
        counts = Counter(int(second / span) for second in at)
        bars = range(int(max(at) / span) + 1)
        minutes = [bar * span / 60 for bar in bars]
        axes.step(minutes, [counts[bar] * 60 / span for bar in bars], where="post", label=outcome.name, color=colour)
    limits = LIMITS.get(outcomes[0].profile)
    if limits is not None:
        axes.axhline(limits.organisation, color="black", linestyle="--", label="limit of the organisation")
        axes.axhline(limits.people, color="black", linestyle=":", label="limit of people and licences")
        axes.axhline(limits.family, color="black", linestyle="-.", label="limit of each other family")
        axes.set_ylim(0, 2 * limits.organisation)
    axes.set(xlabel="minutes of the tenant", ylabel="calls let in, a minute", xlim=(0, None))
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def _calls(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Calls by what they are for, a bar for each contestant."""
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(figsize=(8, 3.6))
    names = [outcome.name for outcome in outcomes]
    begin = [0] * len(outcomes)
    for kind in sorted({kind for outcome in outcomes for kind in outcome.kinds}):
        counts = [outcome.kinds[kind] for outcome in outcomes]
        axes.barh(names, counts, left=begin, label=kind)
        begin = [before + count for before, count in zip(begin, counts, strict=True)]
    axes.invert_yaxis()
    axes.set(xlabel="calls")
    axes.legend(fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.4, -0.2))
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
