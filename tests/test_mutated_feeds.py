"""Damaged feeds by the thousand: each is read or refused in words. `python -m lab.measure mutated-feeds` draws more."""

from __future__ import annotations

import argparse
import os

from lab.mutated_feeds import measured, mutated

# About 2.5 ms of CPU a feed: a minute where every change is checked, seconds for a developer.
COUNT = 20_000 if os.environ.get("CI") else 2_000


def test_a_seed_gives_the_same_feed_every_time() -> None:
    assert [mutated(seed) for seed in range(50)] == [mutated(seed) for seed in range(50)]
    assert len({mutated(seed)[0] for seed in range(50)}) > 45


def test_no_damaged_feed_ends_in_anything_but_entries_or_a_reason() -> None:
    found = measured(argparse.Namespace(start=0, count=COUNT))
    assert (found["uncaught"], found["hangs"], found["parser_ended"]) == ({}, [], 0)
    outcomes = [found[name] for name in ("read", "refused", "parser_failed")]
    assert all(isinstance(number, int) for number in outcomes)
    assert sum(number for number in outcomes if isinstance(number, int)) == COUNT
    # A mutation that made every feed unreadable would show nothing.
    assert isinstance(found["read"], int) and found["read"] > COUNT / 2
