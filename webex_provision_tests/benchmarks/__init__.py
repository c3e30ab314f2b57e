"""Measurements, started by hand: `python -m webex_provision_tests.benchmarks.pace` and `….client_cost`.

They print figures and assert nothing; what they have found is held by tests elsewhere.
"""
