"""The index over a real server in trouble: gone, silent, full, blocked, emptied, of another analysis."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from elasticsearch import Elasticsearch as Client
from elasticsearch_samples import TEMPLATES, article, delete_indices
from server_processes import Elasticsearch

from connectors.elasticsearch_bulk import Operation, perform, storing
from connectors.elasticsearch_calls import Patience, do
from connectors.elasticsearch_documents import row
from connectors.elasticsearch_index import AsyncElasticsearchIndex, ElasticsearchIndex
from pipeline.ports import Document, Query, Unreachable

PREFIX = "trouble"

Open = Callable[..., ElasticsearchIndex]


@pytest.fixture
def client(elasticsearch: Elasticsearch) -> Iterator[Client]:
    with Client(elasticsearch.url) as client:
        yield client


@pytest.fixture
def open_index(elasticsearch: Elasticsearch) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(closing(ElasticsearchIndex(elasticsearch.url, **settings(options))))
    delete_indices(elasticsearch.url, PREFIX)


def settings(options: dict[str, Any]) -> dict[str, Any]:
    return {"templates": TEMPLATES, "stop_words": {"من"}, "overrides": {}, "prefix": PREFIX} | options


def ids(index: ElasticsearchIndex, words: str = "", **asked: Any) -> list[str]:
    return sorted(hit.id for hit in index.search(Query("articles", words, **asked)))


def articles_in(client: Client) -> list[str]:
    """Which index holds how many documents, for those that hold any."""
    client.indices.refresh(index=f"{PREFIX}-articles")
    found = client.search(index=f"{PREFIX}-articles", size=100)["hits"]["hits"]
    return sorted(f"{hit['_index'].removeprefix(f'{PREFIX}-articles-')[:7]} {hit['_id']}" for hit in found)


def block(client: Client, name: str, on: bool) -> None:
    client.indices.put_settings(index=f"{PREFIX}-articles", settings={f"index.blocks.{name}": True if on else None})


def test_a_server_that_stops_amid_a_bulk_ends_with_every_document_once(
    elasticsearch: Elasticsearch, open_index: Open
) -> None:
    index = open_index(patience=120)
    index.put([article("first")])
    documents = [article(f"a{number}", text="انسحب الجيش " * 50) for number in range(4_000)]
    skipped: list[Any] = []
    thread = threading.Thread(target=lambda: skipped.extend([index.put(documents)]))
    thread.start()
    while index.count("articles") < 500:
        time.sleep(0.01)
    elasticsearch.kill()
    assert thread.is_alive()
    elasticsearch.start()
    thread.join(120)
    assert skipped == [[]]
    assert index.count("articles") == len(documents) + 1


def test_a_silent_server_is_waited_for(elasticsearch: Elasticsearch, open_index: Open) -> None:
    index = open_index()
    index.put([article("a")])
    elasticsearch.pause()
    resume = threading.Timer(2, elasticsearch.resume)
    resume.start()
    assert index.put([article("b")]) == []
    resume.join()
    assert ids(index) == ["a", "b"]


def test_a_server_that_stays_away_is_unreachable_and_what_it_was_sent_can_be_sent_again(
    elasticsearch: Elasticsearch, open_index: Open
) -> None:
    index = open_index(patience=1, credentials=("naqid", "geheimnis"))
    index.put([article("a")])
    elasticsearch.stop()
    for attempt in (
        lambda: index.put([article("b")]),
        lambda: index.search(Query("articles")),
        lambda: index.count("articles"),
        lambda: open_index(patience=1).put([article("b")]),
    ):
        with pytest.raises(Unreachable, match=elasticsearch.url) as raised:
            attempt()
        assert "geheimnis" not in str(raised.value)
    elasticsearch.start()
    assert index.put([article("b")]) == []
    assert ids(index) == ["a", "b"]


@pytest.mark.parametrize("name", ["read_only_allow_delete", "write", "read_only"])
def test_a_full_or_blocked_index_is_waited_for_and_nothing_is_refused(
    client: Client, open_index: Open, name: str
) -> None:
    index = open_index(patience=1)
    index.put([article("a")])
    block(client, name, on=True)
    try:
        with pytest.raises(Unreachable, match=r"cluster_block_exception.*blocked by"):
            index.put([article("b")])
        assert ids(index) == ["a"]
        assert index.count("articles") == 1
        free = threading.Timer(1, block, (client, name, False))
        free.start()
        assert open_index(patience=30).put([article("b")]) == []
        free.join()
    finally:
        block(client, name, on=False)
    assert ids(index) == ["a", "b"]


@pytest.mark.parametrize(
    ("flaw", "named"),
    [
        ({"surprise": 1}, "surprise"),
        ({"places": [{"id": "x", "names": []}]}, "names"),
        ({"published": "20171113T090000Z"}, "published"),
        ({"revision": "third"}, "revision"),
    ],
)
def test_what_the_mapping_does_not_allow_is_refused_by_name_and_the_rest_is_in(
    open_index: Open, flaw: dict[str, Any], named: str
) -> None:
    index = open_index()
    [skipped] = index.put([article("a"), article("flawed", **flaw), article("b")])
    assert skipped.where == "articles flawed"
    assert named in skipped.reason
    assert ids(index) == ["a", "b"]


def test_an_operation_that_spoils_the_whole_request_costs_its_neighbours_nothing(
    elasticsearch: Elasticsearch, client: Client, open_index: Open
) -> None:
    index = open_index()
    index.put([article("a")])
    [name] = client.indices.get_alias(name=f"{PREFIX}-articles")
    spoiling = Operation("articles spoiling", name, (b'{"index": {"_index": "%s", "_id": ""' % name.encode(), b"{}"))
    good = [storing(row(article(f"b{number}")), name) for number in range(5)]
    [skipped] = do(perform([*good[:3], spoiling, *good[3:]], {name}, elasticsearch.url, Patience(5)), client)
    assert skipped.where == "articles spoiling"
    assert len(ids(index)) == 6


def test_an_index_deleted_behind_our_back_is_made_again(client: Client, open_index: Open) -> None:
    index = open_index()
    index.put([article("a")])
    for name in list(client.indices.get_alias(name=f"{PREFIX}-articles")):
        client.indices.delete(index=name)
    assert index.put([article("b")]) == []
    assert ids(index) == ["b"]


def test_articles_stand_in_the_index_of_their_month_and_the_rest_in_one(client: Client, open_index: Open) -> None:
    index = open_index()
    index.put([article("a", published="2017-11-30T23:00:00Z"), article("b", published="2017-12-01T01:00:00+03:00")])
    index.put([article("c", published="2017-12-01T00:00:00Z"), article("d", published="1980-12-01T00:00:00Z")])
    assert articles_in(client) == ["2017.11 a", "2017.11 b", "2017.12 c", "earlier d"]
    assert [hit.id for hit in index.search(Query("articles"))] == ["c", "a", "b", "d"]


@pytest.mark.parametrize("together", [True, False])
def test_an_article_whose_new_text_has_a_date_of_another_month_moves(
    client: Client, open_index: Open, together: bool
) -> None:
    index = open_index()
    documents = [
        article("a", 0, published="2017-11-30T23:00:00Z", text="انسحب الجيش"),
        article("a", 1, published="2017-12-01T00:00:00Z", text="بقي الجيش"),
    ]
    for part in [documents] if together else [documents[:1], documents[1:]]:
        assert index.put(part) == []
    assert articles_in(client) == ["2017.12 a"]
    assert ids(index, "انسحب") == []
    assert ids(index, "بقي") == ["a"]
    assert index.put(documents[:1]) == []
    assert [hit.body["text"] for hit in index.search(Query("articles", "الجيش"))] == ["بقي الجيش"]


def test_another_analysis_writes_the_indices_anew(client: Client, open_index: Open) -> None:
    before = open_index(stop_words={"من", "الجيش"})
    claim = {"id": "c", "place": {"id": "x"}, "published": "2017-11-13T09:00:00Z", "sentence": "الجيش"}
    before.put([article(f"a{number}", 3) for number in range(700)] + [Document("claims", "c", 5, claim)])
    old = set(client.indices.get_alias(name=f"{PREFIX}-*"))
    assert ids(before, "الجيش") == []
    after = open_index()
    assert after.put([article("new")]) == []
    assert len(ids(after, "الجيش", limit=1000)) == 701
    assert after.count("articles") == 701
    assert [hit.id for hit in after.search(Query("claims", "الجيش"))] == ["c"]
    assert old.isdisjoint(client.indices.get_alias(name=f"{PREFIX}-*"))
    # Versions have moved along.
    assert after.put([article("a1", 2, text="بقي")]) == []
    assert ids(after, "بقي") == []


def test_templates_are_sent_once(client: Client, open_index: Open) -> None:
    open_index().put([article("a")])
    sent = client.cluster.state(metric="version")["version"]
    open_index().put([article("b")])
    assert client.cluster.state(metric="version")["version"] == sent


def test_a_server_without_lifecycle_management_is_used_and_says_so_once(
    open_index: Open, caplog: pytest.LogCaptureFixture
) -> None:
    index = open_index()
    index.put([article("a")])
    index.put([article("b")])
    warnings = [record.getMessage() for record in caplog.records if "lifecycle" in record.getMessage()]
    assert len(warnings) == 1
    assert ids(index) == ["a", "b"]


def test_a_limit_beyond_one_page_is_met(open_index: Open) -> None:
    index = open_index()
    index.put([article(f"{number:04}") for number in range(1500)])
    for words in ("", "الجيش"):
        found = [hit.id for hit in index.search(Query("articles", words, limit=1200))]
        assert found == [f"{number:04}" for number in range(1200)]


def test_another_kind_of_server_is_unreachable_by_name() -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        do_PUT = do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        with closing(ElasticsearchIndex(url, **settings({"patience": 1}))) as index:
            with pytest.raises(Unreachable, match="Elasticsearch"):
                index.put([article("a")])
            with pytest.raises(Unreachable, match="Elasticsearch"):
                index.search(Query("articles"))
        server.shutdown()


@pytest.mark.parametrize("url", ["http://127.0.0.1", "127.0.0.1:9200", "ftp://127.0.0.1:9200"])
def test_an_address_without_scheme_or_port_is_an_error(url: str) -> None:
    with pytest.raises(ValueError):
        ElasticsearchIndex(url, **settings({}))


def test_a_stream_puts_and_searches_as_a_command_does(elasticsearch: Elasticsearch, open_index: Open) -> None:
    async def work() -> list[str]:
        index = AsyncElasticsearchIndex(elasticsearch.url, **settings({}))
        try:
            batches = [[article(f"{batch}-{number}") for number in range(300)] for batch in range(4)]
            batches[0].append(article("flawed", surprise=1))
            skipped = await asyncio.gather(*(index.put(batch) for batch in batches))
            assert [len(some) for some in skipped] == [1, 0, 0, 0]
            assert await index.count("articles") == 1200
            return [hit.id for hit in await index.search(Query("articles", "الجيش", limit=3))]
        finally:
            await index.close()

    assert asyncio.run(work()) == [hit.id for hit in open_index().search(Query("articles", "الجيش", limit=3))]


def test_a_stream_learns_that_the_server_is_away(elasticsearch: Elasticsearch) -> None:
    async def work() -> None:
        index = AsyncElasticsearchIndex("http://127.0.0.1:1", **settings({"patience": 0.5}))
        try:
            with pytest.raises(Unreachable):
                await index.put([article("a")])
        finally:
            await index.close()

    asyncio.run(work())
