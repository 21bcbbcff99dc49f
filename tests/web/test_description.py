"""The OpenAPI description is taken at its word: whatever it allows is asked, and nothing breaks the page."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.web.app import make_app
from pipeline.web.pages import House

EXAMPLES = 50


def test_nothing_that_the_description_allows_or_forbids_breaks_the_page(house: House) -> None:
    app = make_app(house, {"localhost"})
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app, headers={"host": "localhost"})
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 3
    cases = st.one_of([operation.as_strategy() for operation in operations])

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(cases)
    def asked(case: schemathesis.Case) -> None:
        answer = case.call(headers={"host": "localhost"})
        assert answer.status_code < 500, (case.path, case.query, answer.text)

    asked()
