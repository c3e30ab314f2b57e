"""Figures of a run for a platform team, off unless METRICS_PORT or METRICS_DIR is set.

* `run_metrics`: counts what the engine and the client tell, in plain dictionaries
* `prometheus`: the one module that knows Prometheus; it turns the counts into its format when they are read
* `exposure`: the port and the file, for the length of a run
"""
