"""The counts of a run in Prometheus's format, made when somebody reads them.

Every series carries the roll-out, so that the files of several can lie in one folder. The other labels are of closed
lists: entity types, states, reasons, methods, endpoint families, statuses, and tokens by their number, never by name.
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from webex_provision.engine.live_figures import LiveFigures, TokenFigures
from webex_provision.metrics.run_metrics import RunMetrics
from webex_provision.webex.call_stats import FamilyStats

PREFIX = "webex_provision"
_ROLL_OUT = "roll_out"
_Values = Iterable[tuple[tuple[str, ...], float]]
_CALL = ("method", "family")
_OF_FAMILY: dict[str, tuple[str, Callable[[FamilyStats], float]]] = {
    "sends": ("Requests that have left, repeated ones included.", lambda stats: stats.sends),
    "retries": ("Requests that were sent again.", lambda stats: stats.retries),
    "rate_limited": ("Answers 429: Webex asked to wait.", lambda stats: stats.rate_limited),
    "failed_calls": ("Calls that ended without a final answer.", lambda stats: stats.failed),
    "waited_seconds": ("Seconds that calls waited for their pace or to be sent again.", lambda s: s.seconds_waited),
}
_OF_TOKEN: dict[str, tuple[str, Callable[[TokenFigures], float]]] = {
    "token_alive": ("1 while Webex accepts the token.", lambda token: token.alive),
    "requests_in_flight": ("Requests that wait for their answer.", lambda token: token.in_flight),
    "held_seconds": ("Seconds until the Retry-After of a 429 has passed.", lambda token: token.held),
}


class RunCollector(Collector):
    """Reads the counts of one run whenever it is asked, in the asking thread; the run goes on meanwhile.

    `list(….items())` copies a dictionary in one go, so that the run cannot change it in the middle.
    """

    def __init__(self, metrics: RunMetrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """All families, each as it stands now."""
        yield from self._of_rows()
        yield from self._of_calls()
        figures = self._metrics.figures
        if figures is not None:
            now = figures()
            yield self._gauge("rows_rejected", "Rows that intake has refused.", [((), now.rows_rejected)])
            yield self._gauge("call_breaker_open", "1 while calls wait for Webex to recover.", [((), now.breaker_open)])
            yield from self._of_families(now)
            yield from self._of_tokens(now)

    def _of_rows(self) -> Iterator[Metric]:
        counts = self._metrics
        yield self._gauge("run_state", "1 for the state that the run is in.", [((counts.state,), 1)], "state")
        yield self._gauge("rows_waiting", "Rows of the open phase that are still to do.", [((), counts.waiting)])
        labels = ("type", "state", "reason")
        yield self._counter(
            "rows", "Rows that this run has brought to their state.", list(counts.rows.items()), *labels
        )

    def _of_calls(self) -> Iterator[Metric]:
        counts = self._metrics
        calls = dict(list(counts.calls.items()))
        yield self._counter(
            "calls", "Finished calls by their last answer.", calls.items(), "method", "family", "status"
        )
        summary = SummaryMetricFamily(
            f"{PREFIX}_call_seconds", "Duration of calls, waits and retries included.", labels=[_ROLL_OUT, *_CALL]
        )
        for (method, family), seconds in list(counts.seconds.items()):
            count = sum(number for (its, of, _), number in calls.items() if (its, of) == (method, family))
            summary.add_metric([counts.roll_out, method, family], count_value=count, sum_value=seconds)
        yield summary

    def _of_families(self, now: LiveFigures) -> Iterator[Metric]:
        for name, (text, value) in _OF_FAMILY.items():
            values = [((family,), value(stats)) for family, stats in now.families.items()]
            yield self._counter(name, text, values, "family")

    def _of_tokens(self, now: LiveFigures) -> Iterator[Metric]:
        tokens = {str(number): token for number, token in enumerate(now.tokens, start=1)}
        paces = [((number, family), rate) for number, token in tokens.items() for family, rate in token.pace.items()]
        text = "Requests a second that a token is allowed at the moment."
        yield self._gauge("pace", text, paces, "token", "family")
        for name, (text, value) in _OF_TOKEN.items():
            values = [((number,), value(token)) for number, token in tokens.items()]
            yield self._gauge(name, text, values, "token")

    def _gauge(self, name: str, text: str, values: _Values, *labels: str) -> Metric:
        return self._filled(GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=[_ROLL_OUT, *labels]), values)

    def _counter(self, name: str, text: str, values: _Values, *labels: str) -> Metric:
        return self._filled(CounterMetricFamily(f"{PREFIX}_{name}", text, labels=[_ROLL_OUT, *labels]), values)

    def _filled(self, family: GaugeMetricFamily | CounterMetricFamily, values: _Values) -> Metric:
        for labels, value in values:
            family.add_metric([self._metrics.roll_out, *labels], value)
        return family
