"""The real servers, started when a test first asks for one and kept for the whole run.

Where one cannot be had, the tests that need it are skipped, or fail if NAQID_REQUIRE_SERVERS=1.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import NoReturn

import pytest
from server_processes import Elasticsearch, Kafka
from server_programs import Unavailable


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def elasticsearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elasticsearch]:
    with Elasticsearch(tmp_path_factory.mktemp("elasticsearch")) as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, object, object]:
    try:
        return (yield)
    except Unavailable as unavailable:
        do_without(unavailable)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    try:
        return (yield)
    except Unavailable as unavailable:
        do_without(unavailable)


def do_without(unavailable: Unavailable) -> NoReturn:
    if os.environ.get("NAQID_REQUIRE_SERVERS") == "1":
        raise pytest.fail.Exception(f"NAQID_REQUIRE_SERVERS=1, but {unavailable}", pytrace=False) from None
    pytest.skip(str(unavailable).splitlines()[0])
