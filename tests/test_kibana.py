"""Kibana's saved objects: sound in themselves, and installed through an import API that answers as its manual says.

No Kibana runs here: what it makes of the objects is untried.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from kibana_objects import SHIPPED, named_fields, saved_objects

from connectors.kibana import install
from pipeline.ports import Rejected, Unreachable


class Kibana(BaseHTTPRequestHandler):
    """The import API over what the test wants answered; keeps what was sent."""

    server: Answering

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


class Answering(HTTPServer):
    status = 200
    body = b'{"success": true, "successCount": 11}'

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Kibana)
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def kibana() -> Iterator[Answering]:
    with Answering() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_every_line_is_an_object_of_its_own_whose_embedded_json_parses() -> None:
    objects = saved_objects()
    names = [(saved["type"], saved["id"]) for saved in objects]
    assert len(set(names)) == len(names)
    assert {type for type, _ in names} == {"index-pattern", "search", "map", "dashboard"}
    for saved in objects:
        assert saved.keys() >= {"attributes", "references", "coreMigrationVersion", "typeMigrationVersion"}
        assert saved["attributes"]["title"]


def test_every_reference_leads_to_an_object_of_the_file() -> None:
    objects = saved_objects()
    known = {(saved["type"], saved["id"]) for saved in objects}
    for saved in objects:
        for reference in saved["references"]:
            assert (reference["type"], reference["id"]) in known, (saved["id"], reference)


def test_every_panel_of_the_dashboard_has_its_references_and_no_other_panel_in_its_place() -> None:
    [dashboard] = [saved for saved in saved_objects() if saved["type"] == "dashboard"]
    referred = {reference["name"]: reference for reference in dashboard["references"]}
    used: set[str] = set()
    cells: set[tuple[int, int]] = set()
    for panel in dashboard["attributes"]["panelsJSON"]:
        index, place = panel["panelIndex"], panel["gridData"]
        assert place["i"] == index
        if "panelRefName" in panel:
            names = {f"{index}:{panel['panelRefName']}"}
            assert {referred[name]["type"] for name in names} == {panel["type"]}
        else:
            names = {f"{index}:{own['name']}" for own in panel["embeddableConfig"]["attributes"]["references"]}
        assert names <= referred.keys()
        used |= names
        covered = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert covered.isdisjoint(cells)
        assert max(x for x, _ in covered) < 48
        cells |= covered
    assert used == referred.keys()


def test_every_column_of_a_chart_is_known_to_its_layer() -> None:
    [dashboard] = [saved for saved in saved_objects() if saved["type"] == "dashboard"]
    charts = [panel for panel in dashboard["attributes"]["panelsJSON"] if panel["type"] == "lens"]
    assert len(charts) == 4
    for panel in charts:
        state = panel["embeddableConfig"]["attributes"]["state"]
        [(name, layer)] = state["datasourceStates"]["formBased"]["layers"].items()
        shown = state["visualization"]
        [part] = shown.get("layers", [shown])
        columns = [column["columnId"] for column in part.get("columns", [])]
        columns += [part[key] for key in ("xAccessor", "splitAccessor") if key in part] + part.get("accessors", [])
        assert part["layerId"] == name
        assert set(columns) == set(layer["columnOrder"]) == layer["columns"].keys()
        for column in layer["columns"].values():
            by = column.get("params", {}).get("orderBy", {}).get("columnId")
            assert by is None or by in layer["columns"]


def test_every_object_but_a_list_of_words_names_fields() -> None:
    assert all(named_fields(saved) for saved in saved_objects())


def test_the_objects_are_sent_as_the_manual_asks(kibana: Answering) -> None:
    assert install(f"{kibana.url}/s/desk/", ("elastic", "geheimnis"), SHIPPED.read_bytes()) == 11
    [(path, headers, body)] = kibana.asked
    assert path == "/s/desk/api/saved_objects/_import?overwrite=true"
    assert headers["kbn-xsrf"]
    assert headers["Authorization"] == "Basic ZWxhc3RpYzpnZWhlaW1uaXM="
    [part] = multipart(headers, body)
    assert part.get_filename() == "naqid.ndjson"
    sent = [json.loads(line) for line in part.get_content().splitlines()]
    assert sent == [json.loads(line) for line in SHIPPED.read_bytes().splitlines()]


def test_data_views_follow_the_prefix_of_the_indices(kibana: Answering) -> None:
    install(kibana.url, "an-api-key", SHIPPED.read_bytes(), prefix="desk")
    [(_, headers, body)] = kibana.asked
    assert headers["Authorization"] == "ApiKey an-api-key"
    [part] = multipart(headers, body)
    sent = [json.loads(line) for line in part.get_content().splitlines()]
    titles = [saved["attributes"]["title"] for saved in sent if saved["type"] == "index-pattern"]
    assert titles == ["desk-articles", "desk-claims", "desk-events", "desk-alerts"]


MISSING = {
    "success": False,
    "successCount": 0,
    "errors": [
        {
            "id": "naqid-map",
            "type": "map",
            "error": {"type": "missing_references", "references": [{"type": "index-pattern", "id": "naqid-events"}]},
        },
        {"id": "naqid-x", "type": "search", "error": {"type": "unknown", "message": "Bad Request", "statusCode": 400}},
    ],
}


@pytest.mark.parametrize(
    ("status", "body", "error", "told"),
    [
        (
            200,
            MISSING,
            Rejected,
            "map naqid-map: missing_references index-pattern naqid-events; search naqid-x: unknown",
        ),
        (200, {"hello": "world"}, Rejected, "no Kibana"),
        (200, "<html>", Rejected, "no Kibana"),
        (400, {"message": "Unexpected token"}, Rejected, "Unexpected token"),
        (401, {"message": "Unauthorized"}, Rejected, "password"),
        (403, {}, Rejected, "may not"),
        (404, "not found", Rejected, "no Kibana at this address"),
        (302, "", Rejected, "302"),
        (429, "", Unreachable, "429"),
        (503, "Kibana server is not ready yet", Unreachable, "503"),
    ],
)
def test_an_answer_other_than_success_is_told_in_words(
    kibana: Answering, status: int, body: Any, error: type[Exception], told: str
) -> None:
    kibana.status, kibana.body = status, (body if isinstance(body, str) else json.dumps(body)).encode()
    with pytest.raises(error, match=told) as raised:
        install(kibana.url, ("elastic", "geheimnis"), SHIPPED.read_bytes())
    assert "geheimnis" not in str(raised.value)


def test_a_kibana_that_is_away_is_unreachable_and_no_password_is_told() -> None:
    with pytest.raises(Unreachable) as raised:
        install("http://elastic:geheimnis@127.0.0.1:1", None, SHIPPED.read_bytes())
    assert "127.0.0.1:1" in str(raised.value)
    assert "geheimnis" not in str(raised.value)


@pytest.mark.parametrize("url", ["kibana:5601", "", "ftp://kibana", "http://"])
def test_an_address_that_cannot_be_kibanas_is_an_error(url: str) -> None:
    with pytest.raises(ValueError, match="http"):
        install(url, None, SHIPPED.read_bytes())


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"type": "index-pattern"}', "7"])
def test_a_damaged_file_is_named_by_its_line(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        install("http://127.0.0.1:1", None, b'{"type": "tag"}\n' + line.encode() + b"\n")


def multipart(headers: dict[str, str], body: bytes) -> list[EmailMessage]:
    head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    return [part for part in message.iter_parts() if isinstance(part, EmailMessage)]
