"""What Faust's own consumer loses, the project's keeps; and no other versions are let near it."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

import pytest
from mode.utils.queues import FlowControlEvent, FlowControlQueue

from pipeline import stream_consumer
from pipeline.stream_consumer import PINS, Flow, WrongVersions, check_versions


@pytest.mark.parametrize(("flow_of", "left"), [(FlowControlEvent, []), (Flow, ["a record", "another"])])
def test_a_flow_that_runs_is_resumed_and_only_the_stock_one_loses_what_waits(
    flow_of: type[FlowControlEvent], left: list[str]
) -> None:
    async def resumed() -> list[str]:
        flow = flow_of(initially_suspended=True)
        queue: FlowControlQueue[str] = FlowControlQueue(flow_control=flow, clear_on_resume=True)
        flow.resume()
        for record in ("a record", "another"):
            await queue.put(record)
        flow.resume()  # as recovery does, once the readers run already
        return [queue.get_nowait() for _ in range(queue.qsize())]

    assert asyncio.run(resumed()) == left


def test_a_flow_that_was_held_back_begins_with_empty_queues() -> None:
    async def resumed() -> int:
        flow = Flow(initially_suspended=True)
        queue: FlowControlQueue[str] = FlowControlQueue(flow_control=flow, clear_on_resume=True)
        queue.put_nowait("of the time before")
        flow.resume()
        return queue.qsize()

    assert asyncio.run(resumed()) == 0


def test_the_installed_versions_are_those_that_the_consumer_was_written_against() -> None:
    check_versions()
    assert {name: version(name) for name in PINS} == PINS


def test_another_version_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_consumer, "PINS", {**PINS, "aiokafka": "0.99.0", "no-such-package": "1.0"})
    with pytest.raises(WrongVersions, match=r"aiokafka 0\.14\.0, no-such-package missing.*aiokafka==0\.99\.0"):
        check_versions()
