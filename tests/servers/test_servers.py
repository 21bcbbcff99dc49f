"""The servers that the other tests stand on: they keep what they are given, through every way of going away."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import server_processes
import server_programs
from elasticsearch import Elasticsearch as Client
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from media_type_bridge import MediaTypeBridge
from server_processes import Elasticsearch, Failed, Kafka
from server_programs import Unavailable, java_of

FILTERS = {
    "char_filter": {
        "latin_y": {"type": "mapping", "mappings": ["\u06cc => \u064a", "\\u0640 => "]},
        "joined": {"type": "pattern_replace", "pattern": r"(\p{IsArabic})\.(\p{IsArabic})", "replacement": "$1 $2"},
    },
    "filter": {
        "and_the": {"type": "pattern_replace", "pattern": r"^[وف](?=(?:بال|كال|لل|ال)\p{L}{2})", "replacement": ""},
        "towns": {"type": "stemmer_override", "rules": ["درعا, بدرعا => درعا"]},
        "arabic": {"type": "stemmer", "language": "arabic"},
        "few": {"type": "stop", "stopwords": ["من"]},
    },
    "analyzer": {
        "news": {
            "tokenizer": "standard",
            "char_filter": ["latin_y", "joined"],
            "filter": ["lowercase", "decimal_digit", "few", "arabic_normalization", "and_the", "towns", "arabic"],
        }
    },
    "normalizer": {"folded": {"type": "custom", "filter": ["lowercase", "arabic_normalization", "decimal_digit"]}},
}


@pytest.fixture
def topic(kafka: Kafka) -> str:
    name = f"trial-{uuid4().hex[:8]}"
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    admin.close()
    return name


def send(kafka: Kafka, topic: str, *values: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", reconnect_backoff_max_ms=1000)
    for value in values:
        producer.send(topic, value=value, key=b"key", headers=[("id", b"1")]).get(timeout=60)
    producer.close()


def received(kafka: Kafka, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap, consumer_timeout_ms=20_000)
    consumer.assign([TopicPartition(topic, 0)])
    consumer.seek_to_beginning()
    values = [record.value for _, record in zip(range(count), consumer, strict=False)]
    consumer.close()
    return values


@pytest.fixture
def client(elasticsearch: Elasticsearch) -> Iterator[Client]:
    with Client(elasticsearch.url, request_timeout=30) as client:
        yield client


@pytest.fixture
def index(client: Client) -> Iterator[str]:
    name = f"trial-{uuid4().hex[:8]}"
    client.indices.create(
        index=name,
        settings={"number_of_replicas": 0, "analysis": FILTERS},
        mappings={
            "dynamic": "strict",
            "properties": {
                "text": {"type": "text", "analyzer": "news"},
                "place": {"type": "keyword", "normalizer": "folded"},
            },
        },
    )
    yield name
    client.indices.delete(index=name)


def test_a_record_comes_back_from_kafka(kafka: Kafka, topic: str) -> None:
    send(kafka, topic, "نفى".encode(), b"two")
    assert received(kafka, topic, 2) == ["نفى".encode(), b"two"]


def test_kafka_makes_no_topic_by_itself(kafka: Kafka) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    before = set(admin.list_topics())
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, max_block_ms=1000)
    with pytest.raises(Exception, match=r"(?i)topic|metadata|timeout"):
        producer.send("misspelled", b"lost").get(timeout=5)
    producer.close()
    assert set(admin.list_topics()) == before
    admin.close()


def test_kafka_keeps_its_records_through_a_stop_and_a_kill(kafka: Kafka, topic: str) -> None:
    send(kafka, topic, b"before")
    address = kafka.bootstrap
    kafka.stop()
    assert not kafka.running
    kafka.start()
    send(kafka, topic, b"between")
    kafka.kill()
    kafka.start()
    assert kafka.bootstrap == address
    assert received(kafka, topic, 2) == [b"before", b"between"]


def test_a_paused_kafka_answers_when_it_is_resumed(kafka: Kafka, topic: str) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")
    producer.send(topic, b"before").get(timeout=30)
    kafka.pause()
    try:
        waiting = producer.send(topic, b"while")
        time.sleep(1)
        assert not waiting.is_done
    finally:
        kafka.resume()
    waiting.get(timeout=30)
    producer.close()
    assert received(kafka, topic, 2) == [b"before", b"while"]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("البوكمال وبالبوكمال للبوكمال والبوكمال", ["بوكمال"] * 4),
        ("انسحب من درعا.بدرعا", ["انسحب", "درعا", "درعا"]),
        ("لم يـنف ٢٠١٧ BBC", ["لم", "ينف", "2017", "bbc"]),
        ("مدی", ["مد"]),
    ],
)
def test_elasticsearch_analyses_with_the_plugins_filters(
    client: Client, index: str, text: str, terms: list[str]
) -> None:
    answer = client.indices.analyze(index=index, analyzer="news", text=text)
    assert [token["token"] for token in answer["tokens"]] == terms


@pytest.mark.parametrize(
    ("kind", "filter_", "complaint"),
    [
        ("filter", {"type": "pattern_replace"}, "pattern is missing"),
        ("filter", {"type": "stemmer_override", "rules": ["درعا"]}, "not a rule"),
        ("filter", {"type": "stemmer", "language": "klingon"}, "klingon"),
        ("filter", {"type": "snowball"}, "snowball"),
        ("char_filter", {"type": "mapping"}, "mappings is missing"),
    ],
)
def test_a_filter_that_a_full_elasticsearch_would_refuse_is_refused(
    client: Client, kind: str, filter_: dict[str, object], complaint: str
) -> None:
    with pytest.raises(Exception, match=complaint):
        client.indices.create(index="refused", settings={"analysis": {kind: {"bad": filter_}}})


def test_a_document_is_found_by_another_form_and_kept_through_a_stop(
    elasticsearch: Elasticsearch, client: Client, index: str
) -> None:
    client.index(index=index, id="1", document={"text": "الانسحاب من البوكمال", "place": "البوكمالِ"}, refresh=True)
    address = elasticsearch.url
    for leave in (elasticsearch.stop, elasticsearch.kill):
        leave()
        assert not elasticsearch.running
        elasticsearch.start()
        assert elasticsearch.url == address
        found = client.search(index=index, query={"match": {"text": "للبوكمال"}})
        assert [hit["_id"] for hit in found["hits"]["hits"]] == ["1"]
    assert client.count(index=index, query={"term": {"place": "البوكمال"}})["count"] == 1


def test_a_paused_elasticsearch_answers_when_it_is_resumed(elasticsearch: Elasticsearch, client: Client) -> None:
    answers: list[str] = []
    elasticsearch.pause()
    try:
        asking = threading.Thread(target=lambda: answers.append(client.cluster.health()["status"]))
        asking.start()
        asking.join(1)
        assert asking.is_alive()
    finally:
        elasticsearch.resume()
    asking.join(30)
    assert answers in (["green"], ["yellow"])


def test_the_node_is_of_the_version_that_it_says(elasticsearch: Elasticsearch, client: Client) -> None:
    (node,) = client.nodes.info()["nodes"].values()
    assert node["version"] == elasticsearch.version
    assert [plugin["name"] for plugin in node["plugins"]] == ["arabic-analysis"]


def test_a_server_does_not_outlive_the_one_who_started_it(kafka: Kafka, tmp_path: Path) -> None:
    """`kafka` is asked for only because where it cannot be had, this cannot be shown."""
    program = (
        "import sys, time; from pathlib import Path; from server_processes import Kafka\n"
        "kafka = Kafka(Path(sys.argv[1])); kafka.start(); print(kafka._process.pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(server_programs.HERE)},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert starter.stdout
    group = int(starter.stdout.readline())
    os.killpg(group, 0)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    until = time.monotonic() + 30
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.05)


def test_a_server_that_cannot_start_shows_its_log(kafka: Kafka, tmp_path: Path) -> None:
    second = Kafka(tmp_path)
    second.port = kafka.port
    second.bootstrap = kafka.bootstrap
    with pytest.raises(Failed, match=r"(?s)kafka ended with 1 .*kafka\.log.*[Aa]ddress already in use"), second:
        pass


def test_a_missing_java_is_named_with_what_to_install() -> None:
    with pytest.raises(Unavailable, match=r"a JDK of version 99 or newer \("):
        java_of(99)


def test_the_java_that_is_named_is_the_only_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(Unavailable, match=r"JAVA_HOME=.* is none"):
        java_of(17)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "javac").touch()
    (tmp_path / "release").write_text('IMPLEMENTOR="Someone"\nJAVA_VERSION="21.0.8"\n')
    assert java_of(17).version == 21
    with pytest.raises(Unavailable, match="a JDK of version 22"):
        java_of(22)


def test_the_client_of_version_9_speaks_to_a_node_of_version_8_over_the_bridge() -> None:
    port, node_port = server_processes.free_ports(2)
    bridge = MediaTypeBridge(port, node_port)
    with socket.create_server(("127.0.0.1", node_port)) as node:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            at_node = node.accept()[0]
            with at_node:
                client.sendall(b"Accept: application/vnd.elasticsearch+json; compatible-with=9\r\n\r\n")
                assert at_node.recv(1000) == b"Accept: application/vnd.elasticsearch+json; compatible-with=8\r\n\r\n"
                at_node.sendall(b"200")
                assert client.recv(1000) == b"200"
            assert client.recv(1000) == b""
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client, node.accept()[0]:
            bridge.close()
            assert client.recv(1000) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_half_a_download_is_no_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(KeyboardInterrupt), server_programs.built("thing") as (folder, wanted):
        assert wanted
        (folder / "half").touch()
        raise KeyboardInterrupt
    for expected in (True, False):
        with server_programs.built("thing") as (folder, wanted):
            assert wanted is expected
            assert not (folder / "half").exists()


def test_free_ports_are_different_and_free() -> None:
    ports = server_processes.free_ports(50)
    assert len(set(ports)) == 50
