"""Kibana's saved objects: naqid's data views, searches, map and dashboard, installed through its import API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from pipeline.ports import Rejected, Unreachable

Credentials = tuple[str, str] | str | None
"""(user, password), an API key, or none."""

_SHIPPED_PREFIX = "naqid"
_TIMEOUT = 60.0
_ADVICE = {
    401: "it knows no such user, password or key",
    403: "the user or key may not manage saved objects",
    404: "there is no Kibana at this address, or no such space",
    413: "the file is larger than savedObjects.maxImportPayloadBytes",
}


def install(url: str, credentials: Credentials, objects: bytes, prefix: str = _SHIPPED_PREFIX) -> int:
    """Import the saved objects (NDJSON), in place of those of the same ids; returns how many there are.

    `url` is Kibana's, with the path of a space where that is meant (".../s/NAME"). The data views look at the
    indices under `prefix`. Raises `Unreachable` when Kibana is away or starting, `Rejected` naming each object that
    it does not take and why, and `ValueError` for an address or file that cannot be used.
    """
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ValueError("Kibana's address begins with http:// or https:// and names a host")
    where = f"Kibana at {address._replace(netloc=address.netloc.rpartition('@')[2]).geturl()}"
    headers = {"kbn-xsrf": _SHIPPED_PREFIX}
    if isinstance(credentials, str):
        headers["Authorization"] = f"ApiKey {credentials}"
    try:
        response = httpx.post(
            f"{url.rstrip('/')}/api/saved_objects/_import",
            params={"overwrite": "true"},
            headers=headers,
            auth=credentials if isinstance(credentials, tuple) else None,
            files={"file": ("naqid.ndjson", _under(prefix, objects), "application/ndjson")},
            timeout=_TIMEOUT,
        )
    except httpx.HTTPError as error:
        raise Unreachable(f"{where}: {type(error).__name__}: {error}") from None
    return _outcome(response, where)


def _outcome(response: httpx.Response, where: str) -> int:
    status, answer = response.status_code, _object(response)
    said = _ADVICE.get(status) or str(answer.get("message") or "no reason given")
    if status == 429 or status >= 500:
        raise Unreachable(f"{where} answered {status}: {said}")
    if status != 200:
        raise Rejected(f"{where} answered {status}: {said}")
    if "success" not in answer:
        raise Rejected(f"{where}: whatever answers there is no Kibana")
    if not answer["success"]:
        raise Rejected(f"{where} did not take " + "; ".join(_fault(error) for error in answer.get("errors", [])))
    return int(answer.get("successCount", 0))


def _fault(error: Mapping[str, Any]) -> str:
    reason = error.get("error", {})
    missing = ", ".join(f"{one.get('type')} {one.get('id')}" for one in reason.get("references", []))
    told = " ".join(part for part in (reason.get("type"), reason.get("message"), missing) if part)
    return f"{error.get('type')} {error.get('id')}: {told or 'no reason given'}"


def _object(response: httpx.Response) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _under(prefix: str, objects: bytes) -> bytes:
    """The objects with the data views over the indices of this prefix. Raises `ValueError` naming a bad line."""
    lines: list[str] = []
    for number, line in enumerate(objects.decode("utf-8").splitlines(), 1):
        try:
            saved = json.loads(line)
            if saved["type"] == "index-pattern":
                title = saved["attributes"]["title"]
                saved["attributes"]["title"] = prefix + title.removeprefix(_SHIPPED_PREFIX)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"line {number} is no saved object: {error}") from error
        lines.append(json.dumps(saved, ensure_ascii=False))
    return ("\n".join(lines) + "\n").encode("utf-8")
