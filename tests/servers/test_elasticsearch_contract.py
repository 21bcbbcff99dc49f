"""What every index promises, kept by a real Elasticsearch: the suite of `tests/contracts`, test by test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from contracts.conftest import places_of
from contracts.test_index import *  # noqa: F403
from elasticsearch_samples import TEMPLATES, delete_indices
from server_processes import Elasticsearch

from connectors.elasticsearch_index import ElasticsearchIndex
from pipeline.core.analysis import override_table

# One for all tests: each begins without an index, but not without the templates, which take a second to install.
PREFIX = "contract"


@pytest.fixture
def open_index(elasticsearch: Elasticsearch) -> Iterator[Callable[[], ElasticsearchIndex]]:
    def make() -> ElasticsearchIndex:
        return ElasticsearchIndex(
            elasticsearch.url,
            templates=TEMPLATES,
            stop_words={"من", "في", "على", "إلى", "عن"},
            overrides=override_table(("البوكمال", "أبو كمال", "الرقة")),
            places_of=places_of,
            prefix=PREFIX,
        )

    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(make()))
    delete_indices(elasticsearch.url, PREFIX)
