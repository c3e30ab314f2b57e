"""Made-up roll-outs of any size, the same for the same seed: for rehearsals, tests and benchmarks.

`site` gives out numbers and extensions of one location; `routing`, `people`, `rooms` and `services` know how rows of
their types look; `mistakes` spoils rows; `made_up` mixes them. A new entity type is one recipe here.

Every good row is valid, refers only to rows before it, and holds extensions and numbers that nobody else holds and
that a row before it has put into the inventory; so a tenant that knows the people lets every row succeed, with the
variables of `NEEDS` set. Bad rows, where asked for, are rejected at intake one by one and do no harm to good ones.
"""

from webex_provision.generator.made_up import LARGEST, MOST_BAD, NEEDS, Generated, roll_out, write_csv, write_workbook

__all__ = ["LARGEST", "MOST_BAD", "NEEDS", "Generated", "roll_out", "write_csv", "write_workbook"]
