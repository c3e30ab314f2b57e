"""Measurements, started by hand: `python -m webex_provision_tests.benchmarks.own_cost`, `….pace`, `….side_by_side`.

They print figures and assert nothing; what they have found is held by tests elsewhere.
"""
