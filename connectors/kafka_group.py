"""How far a group of workers has come on Kafka."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError

from connectors.kafka_access import KafkaAccess

_PATIENCE = 10.0


def positions(access: KafkaAccess, group: str, partitions: Mapping[str, int]) -> dict[str, str]:
    """The group's position in each topic (by its name in Kafka, with its number of partitions), as `KafkaLog` has them.

    Where the group has committed nothing it stands at the beginning. Raises `Unreachable`.
    """
    admin = access.opened(KafkaAdminClient)
    try:
        with access.trouble():
            found = _committed(admin, group)
    finally:
        admin.close()
    committed = {(part.topic, part.partition): max(at.offset, 0) for part, at in found.items()}
    return {
        topic: ",".join(str(committed.get((topic, number), 0)) for number in range(count))
        for topic, count in partitions.items()
    }


def _committed(admin: KafkaAdminClient, group: str) -> Mapping[Any, Any]:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            committed: Mapping[Any, Any] = admin.list_group_offsets(group).get(group, {})
        except (CoordinatorNotAvailableError, NotCoordinatorError, CoordinatorLoadInProgressError):
            # A Kafka that has had no group yet, or has just come back, sets up who keeps the groups' positions.
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return committed
