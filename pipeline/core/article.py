"""An article: what an outlet published, under an identity that survives edits, mirrors and re-fetching."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

DateSource = Literal["given", "feed", "hijri", "page", "assumed"]
"""Where `published` comes from. "hijri" is a feed's date in that calendar, converted, so it may be a day off; "assumed"
means that nothing told it and the time of fetching stands in."""

# Parameters that say how a reader came to a page, never which page it is.
_TRACKING = frozenset({"fbclid", "gclid", "igshid", "mc_cid", "mc_eid", "ref", "source", "at_medium", "at_campaign"})


@dataclass(frozen=True, slots=True)
class Article:
    """One revision of one article.

    `published` and `fetched` are aware, in UTC. `revision` counts the changed texts seen under the same id,
    from 0; `content_hash` is over title and text, so an edited date alone is not a new revision.
    """

    id: str
    outlet: str
    url: str
    title: str
    text: str
    published: datetime
    date_source: DateSource
    fetched: datetime
    content_hash: str
    revision: int = 0

    def revised(self, revision: int) -> Article:
        """The same article numbered as its `revision`-th text."""
        return replace(self, revision=revision)


def make_article(
    *,
    outlet: str,
    url: str,
    title: str,
    text: str,
    published: datetime | None,
    fetched: datetime,
    guid: str = "",
    date_source: DateSource = "given",
) -> Article:
    """Build an article with its identity.

    Raises `ValueError` for an article without title and text, without outlet, or with a time that lacks a zone.
    """
    title, text, outlet = title.strip(), text.strip(), outlet.strip()
    if not outlet:
        raise ValueError("an article needs an outlet")
    if not (title or text):
        raise ValueError("an article needs a title or a text")
    for name, moment in (("published", published), ("fetched", fetched)):
        if moment is not None and moment.tzinfo is None:
            raise ValueError(f"{name} needs a time zone")
    return Article(
        id=article_id(outlet=outlet, url=url, guid=guid, title=title, text=text),
        outlet=outlet,
        url=url.strip(),
        title=title,
        text=text,
        published=(published or fetched).astimezone(UTC),
        date_source=date_source if published is not None else "assumed",
        fetched=fetched.astimezone(UTC),
        content_hash=digest(title, text),
    )


def article_id(*, outlet: str, url: str, guid: str, title: str, text: str) -> str:
    """The stable id: from the canonical URL; else from the guid within its outlet; else from the words."""
    if url.strip():
        return digest("url", canonical_url(url))
    if guid.strip():
        return digest("guid", outlet, guid.strip())
    return digest("words", outlet, title, text)


def canonical_url(url: str) -> str:
    """The address without what varies for one page: scheme, `www.`, default port, fragment, tracking parameters.

    Parameters that remain are sorted, since their order carries no meaning (RFC 3986, 6.2).
    An address that cannot be split (a malformed IPv6 host, say) is returned as given, trimmed.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").removeprefix("www."), parts.port
    except ValueError:
        return url.strip()
    if port and port not in (80, 443):
        host = f"{host}:{port}"
    kept = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in _TRACKING and not name.startswith("utm_")
    )
    path = parts.path.rstrip("/") or "/"
    return urlunsplit(("", host, path, urlencode(kept), ""))


def digest(*parts: str) -> str:
    """A 24-hex-digit name for a tuple of strings; the parts are length-prefixed, so no two tuples run together."""
    hasher = hashlib.blake2b(digest_size=12)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(str(len(data)).encode() + b":" + data)
    return hasher.hexdigest()
