"""Documents made to break readers of feeds: what each is, and how reading it ends.

They are made when asked for, since some are of tens of megabytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from feed_server import item, rss

_TITLED = "<title>خبر</title>"


@dataclass(frozen=True)
class Hostile:
    """`articles` is how many are read, None where the document is refused.

    `told` are words of the reason: of the refusal, or of what is skipped. One that `takes_its_time` is ended at the
    worker's limit, whatever that is.
    """

    make: Callable[[], str]
    articles: int | None
    told: str = ""
    takes_its_time: bool = False

    def body(self) -> bytes:
        return self.make().encode("utf-8")


def _item(inside: str) -> str:
    return rss(f"<item>{_TITLED}{inside}</item>")


def _attributes(name: str, number: int) -> str:
    return rss(f"<item {' '.join(f'{name}{n}={chr(34)}u{n}{chr(34)}' for n in range(number))}>{_TITLED}</item>")


def _laughs(use: str) -> str:
    entities = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    return f'<!DOCTYPE r [<!ENTITY a "ha">{entities}]>' + rss(item(use))


DOCUMENTS: dict[str, Hostile] = {
    "an author that a pattern takes quadratic time for": Hostile(
        lambda: _item("<author>" + "a." * 40_000 + "</author>"), None, "it took more than", takes_its_time=True
    ),
    "comments that begin in CDATA and never end": Hostile(
        lambda: _item("<description><![CDATA[" + "<!-- " * 100_000 + "]]></description>"), 1
    ),
    "100,000 entries": Hostile(
        lambda: rss(*(f"<item><title>خبر {n}</title></item>" for n in range(100_000))), 1000, "99,000 entries"
    ),
    "100,000 categories": Hostile(lambda: _item("<category>x</category>" * 100_000), 0, "tags, more than"),
    "100,000 different categories": Hostile(
        lambda: _item("".join(f"<category>{n}</category>" for n in range(100_000))), 0, "tags, more than"
    ),
    "100,000 attributes": Hostile(lambda: _attributes("a", 100_000), 0, "attributes, more than"),
    "100,000 namespaces": Hostile(lambda: _attributes("xmlns:a", 100_000), 0, "attributes, more than"),
    "100,000 links": Hostile(lambda: _item('<link rel="x" href="/y"/>' * 100_000), 0, "tags, more than"),
    "100,000 enclosures": Hostile(lambda: _item('<enclosure url="/y"/>' * 100_000), 0, "tags, more than"),
    "a tag of 10 MB": Hostile(lambda: _item("<" + "a" * 10_000_000 + "/>"), 0, "a tag of 10,000,003 characters"),
    "an attribute of 10 MB": Hostile(lambda: _item('<a b="' + "x" * 10_000_000 + '"/>'), 0, "characters, more than"),
    "a title of 10 MB": Hostile(lambda: rss(item("x" * 10_000_000)), 1, "title"),
    "a title of 50 MB": Hostile(lambda: rss(item("x" * 50_000_000)), None, "15,728,640"),
    "a link of 1 MB": Hostile(lambda: rss(item("خبر", "https://outlet.example/" + "x" * 1_000_000)), 1, "link"),
    "a guid of 1 MB": Hostile(lambda: rss(item("خبر", guid="x" * 1_000_000)), 1, "guid"),
    "a date of 1 MB": Hostile(lambda: rss(item("خبر", published="1" * 1_000_000)), 1),
    "100,000 elements deep": Hostile(lambda: _item("<a>" * 100_000), 0, "tags, more than"),
    "100,000 elements deep in CDATA": Hostile(
        lambda: _item("<description><![CDATA[" + "<a>" * 100_000 + "]]></description>"), 1
    ),
    "100,000 paragraphs unclosed": Hostile(lambda: rss(item("x", text="<![CDATA[" + "<p>" * 100_000 + "]]>")), 1),
    "a billion laughs": Hostile(lambda: _laughs("&j;"), 1),
    "a long entity many times": Hostile(
        lambda: f'<!DOCTYPE r [<!ENTITY a "{"x" * 100_000}">]>' + rss(item("&a;" * 100_000)), 1, "title"
    ),
    "a file as an entity": Hostile(
        lambda: '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + rss(item("خبر &a;")), 1
    ),
    "a parameter entity of another host": Hostile(
        lambda: '<!DOCTYPE r [<!ENTITY % a SYSTEM "http://127.0.0.1:1/x">%a;]>' + rss(item("خبر")), 1
    ),
    "a document type without end": Hostile(lambda: "<!DOCTYPE r [" + "[" * 100_000, None, "no element"),
    "references by the million": Hostile(lambda: rss(item("&#1;" * 1_000_000)), 1),
    "references beyond Unicode": Hostile(lambda: rss(item("&#x110000;&#xD800;&#0; خبر")), 1),
    "an array 100,000 deep": Hostile(lambda: "[" * 100_000, None, "nested too deeply"),
    "a JSON Feed of 100,000 entries": Hostile(
        lambda: (
            '{"version": "https://jsonfeed.org/version/1.1", "items": ['
            + ", ".join(f'{{"id": "{n}", "title": "خبر"}}' for n in range(100_000))
            + "]}"
        ),
        1000,
        "99,000 entries",
    ),
    "a number of 1,000,000 digits in JSON": Hostile(
        lambda: '{"version": "https://jsonfeed.org/version/1.1", "items": [' + "9" * 1_000_000 + "]}", None, "JSON"
    ),
    "a sitemap of 100,000 pages": Hostile(
        lambda: (
            "<urlset>"
            + "".join(f"<url><loc>/{n}</loc><news><title>خبر</title></news></url>" for n in range(100_000))
            + "</urlset>"
        ),
        1000,
        "99,000 entries",
    ),
}
