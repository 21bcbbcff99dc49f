"""What every log promises, kept by the log on a real Kafka."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import pytest
from server_processes import Kafka

from connectors.kafka_log import KafkaLog
from tests.contracts import test_log as contract

# All of the suite, whatever is added to it.
globals().update({name: test for name, test in vars(contract).items() if name.startswith("test_")})


@pytest.fixture
def open_log(kafka: Kafka, tmp_path: Path) -> Iterator[Callable[[], KafkaLog]]:
    """Opens a log over topics of this test's own; whatever is still open is closed after it."""
    prefix, partitions = f"{uuid4().hex[:8]}-", {"articles": 3, "claims": 2, "events": 1, "alerts": 1, "rejected": 1}
    with ExitStack() as stack:
        yield lambda: stack.enter_context(
            closing(KafkaLog(kafka.bootstrap, spool=tmp_path / "spool.sqlite", partitions=partitions, prefix=prefix))
        )
