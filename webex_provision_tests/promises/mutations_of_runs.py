"""Mistakes put into the product on purpose, and the tests that must notice: states, locks, the checkpoint."""

from webex_provision_tests.promises.mutation import SEEDS, Mutant

RUNS = (
    Mutant(
        "results before pending rows",
        1,
        "ledger/state_store.py",
        "            pending_from = self._pending.append(pending_line(outcome, timestamp))\n"
        "        try:\n"
        "            self._results.append(results_line(outcome, timestamp))\n",
        "            pass\n"
        "        try:\n"
        "            self._results.append(results_line(outcome, timestamp))\n"
        "            if outcome.status is RowStatus.PENDING:\n"
        "                pending_from = self._pending.append(pending_line(outcome, timestamp))\n",
        ("ledger/test_state_store.py::test_a_full_disk_at_the_commit_takes_the_pending_line_back",),
    ),
    Mutant(
        "a row is committed twice in an attempt",
        1,
        "ledger/state_store.py",
        "if last is not None and last.attempt >= outcome.attempt:",
        "if last is not None and last.attempt > outcome.attempt:",
        ("ledger/test_state_store.py::test_a_row_is_never_committed_twice_in_an_attempt",),
    ),
    Mutant(
        "a resume does rows of a killed replay again",
        1,
        "ledger/state_store.py",
        "        if last.attempt >= generation.n:\n            return False\n",
        "        if last.attempt >= generation.n:\n            return generation.mode is RunMode.REPLAY\n",
        ("ledger/test_generations.py",),
    ),
    Mutant(
        "a resume leaves the last batch out",
        1,
        "engine/rollout.py",
        "return range(1, self.ledger.manifest.batches.get(phase, 0) + 1)",
        "return range(1, max(2, self.ledger.manifest.batches.get(phase, 0)))",
        ("engine/test_order.py::test_rows_of_one_type_run_together_and_each_batch_ends_before_the_next",),
    ),
    Mutant(
        "a batch begins a row too late",
        1,
        "engine/batch_iterator.py",
        "(number - 1) * batch_size + 1, number * batch_size",
        "(number - 1) * batch_size + 2, number * batch_size",
        ("engine/test_whole_run.py::test_every_row_ends_in_one_state_and_the_tenant_is_as_the_csv_says",),
    ),
    Mutant(
        "a pending line without its commit stays",
        1,
        "ledger/state_store.py",
        "        _set_aside_uncommitted(folder, history.uncommitted)\n",
        "",
        ("ledger/test_state_store.py::test_pending_lines_without_their_commit_are_set_aside_and_not_an_error",),
    ),
    Mutant(
        "a second writer in the folder",
        1,
        "engine/run_locks.py",
        "        self._take(self._lock)\n",
        "",
        ("crash/test_two_launches.py",),
    ),
    Mutant(
        "a second run against the tenant",
        1,
        "engine/run_locks.py",
        "        self._take(TenantLock(settings.webex_base_url, org_id, shared=in_slot, **self._terms))\n",
        "",
        ("crash/test_two_launches.py",),
    ),
    Mutant(
        "the lock is taken by everybody",
        1,
        "ledger/run_lock.py",
        "            self._lock.acquire(timeout=max(0.0, wait_seconds), poll_interval=_POLL_SECONDS)\n",
        "            pass\n",
        ("ledger/test_locks.py::test_a_second_run_is_turned_away_with_the_holders_name",),
    ),
    Mutant(
        "the checkpoint before the records are durable",
        5,
        "ledger/state_store.py",
        "        self.sync()\n        checkpoint = Checkpoint(\n",
        "        checkpoint = Checkpoint(\n",
        ("ledger/test_state_store.py::test_commits_are_durable_before_the_checkpoint_is_replaced",),
    ),
    Mutant(
        "the checkpoint is replaced in place",
        5,
        "ledger/state_store.py",
        'write_atomically(self.folder.checkpoint, checkpoint.model_dump_json(indent=2).encode() + b"\\n")',
        'self.folder.checkpoint.write_bytes(checkpoint.model_dump_json(indent=2).encode() + b"\\n")',
        (SEEDS,),
    ),
    Mutant(
        "a checkpoint ahead of the ledger is believed",
        5,
        "ledger/verified.py",
        "if checkpoint is not None and (why := why_ahead(checkpoint, history.states, history.commits)):",
        "if checkpoint is None and (why := why_ahead(checkpoint, history.states, history.commits)):",
        ("ledger/test_state_store.py::test_a_ledger_that_lost_commits_its_checkpoint_knows_of_is_corrupt",),
    ),
    Mutant(
        "the watermark passes rows without a state",
        5,
        "ledger/checkpoint.py",
        "        while self.position + 1 in self._ahead:  # bounded by the positions fed\n"
        "            self.position += 1\n"
        "            self._ahead.remove(self.position)\n",
        "        self.position = max(self.position, position)\n",
        ("ledger/test_crash_properties.py::test_the_watermark_is_the_length_of_the_unbroken_head",),
    ),
)
