"""The real servers, started when a test first asks for one and kept for the whole run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from server_processes import Elasticsearch, Kafka, Server
from server_programs import Unavailable, install_debian_packages

Started = TypeVar("Started", bound=Server)
REQUIRED = os.environ.get("NAQID_REQUIRE_SERVERS") == "1"


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with available(lambda: Kafka(tmp_path_factory.mktemp("kafka"))) as server:
        yield server


@pytest.fixture(scope="session")
def elasticsearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elasticsearch]:
    with available(lambda: Elasticsearch(tmp_path_factory.mktemp("elasticsearch"))) as server:
        yield server


def available(make: Callable[[], Started]) -> Started:
    """The server, ready to start; without Java or Maven the test is skipped, or fails where servers are required."""
    try:
        try:
            return make()
        except Unavailable:
            if not (REQUIRED or os.environ.get("CI")):
                raise
            install_debian_packages()
            return make()
    except Unavailable as unavailable:
        if REQUIRED:
            pytest.fail(f"NAQID_REQUIRE_SERVERS=1, but {unavailable}", pytrace=False)
        pytest.skip(str(unavailable).splitlines()[0])
