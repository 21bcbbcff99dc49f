"""The topics of the log on Kafka: their names, their partitions, how long they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from connectors.kafka_access import KafkaAccess
from pipeline.ports import Topic, Unreachable

TOPICS: tuple[Topic, ...] = get_args(Topic)
# What a record takes on the wire beside its key and value: a header with its id, lengths, the frame of its batch.
ENVELOPE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class KafkaTopics:
    """What the topics have to be like. `prefix` stands before each name, `record_bytes` bounds one record.

    Every topic is kept for `retention` and none is compacted: a record may be stored twice, and the later copy of
    an older version would then outlive the newest one of its key.
    """

    partitions: Mapping[Topic, int]
    replication: int
    prefix: str
    retention: timedelta
    record_bytes: int

    def name(self, topic: Topic) -> str:
        """How Kafka calls the topic."""
        if topic not in TOPICS:
            raise ValueError(f"the log has no topic {topic!r}: it has {', '.join(TOPICS)}")
        return self.prefix + topic

    def ensure(self, access: KafkaAccess) -> None:
        """Create the topics that are missing.

        Raises `Unreachable`, and `ValueError` when a topic that is there has other partitions than it should: its
        keys would then go elsewhere than before, and lose their order.
        """
        admin = access.opened(KafkaAdminClient)
        try:
            with access.trouble():
                found = _partitions(admin, [self.name(topic) for topic in TOPICS])
                missing = {topic for topic in TOPICS if self.name(topic) not in found}
                if missing:
                    self._create(admin, access, missing)
                    found = _partitions(admin, [self.name(topic) for topic in TOPICS])
        finally:
            admin.close()
        for topic in TOPICS:
            there, wanted = found.get(self.name(topic)), self.partitions[topic]
            if there is None:
                raise Unreachable(f"{access.where}: the topic {self.name(topic)} was created and is not there yet")
            if there != wanted:
                raise ValueError(
                    f"{access.where}: the topic {self.name(topic)} has {there} partitions, and the settings say "
                    f"{wanted}: set them to {there}, or begin a new log under another prefix"
                )

    def _create(self, admin: KafkaAdminClient, access: KafkaAccess, missing: set[Topic]) -> None:
        wanted = {
            self.name(topic): {
                "num_partitions": self.partitions[topic],
                "replication_factor": self.replication,
                "configs": self._configuration(),
            }
            for topic in missing
        }
        answer = admin.create_topics(wanted, raise_errors=False)
        for row in answer["topics"]:
            error = for_code(row["error_code"])
            # Another process of naqid may have been a moment faster.
            if row["error_code"] and error is not TopicAlreadyExistsError:
                reason = row.get("error_message") or error.__name__
                raise Unreachable(f"{access.where}: the topic {row['name']} cannot be created: {reason}")
        admin.wait_for_topics(list(wanted))

    def _configuration(self) -> dict[str, str]:
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(int(self.retention.total_seconds() * 1000)),
            "max.message.bytes": str(self.record_bytes + ENVELOPE_BYTES),
            "message.timestamp.type": "CreateTime",
            # With three copies, an acknowledged record is on two before the producer hears of it.
            "min.insync.replicas": "2" if self.replication > 2 else "1",
        }


def _partitions(admin: KafkaAdminClient, names: list[str]) -> dict[str, int]:
    """How many partitions each topic has, of those that there are."""
    described: list[dict[str, Any]] = admin.describe_topics(names)
    found: dict[str, int] = {}
    for topic in described:
        if topic["error_code"] == 0:
            found[topic["name"]] = len(topic["partitions"])
        elif for_code(topic["error_code"]).__name__ != "UnknownTopicOrPartitionError":
            raise KafkaError(f"topic {topic['name']}: {for_code(topic['error_code']).__name__}")
    return found
