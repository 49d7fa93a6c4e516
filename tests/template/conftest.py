"""The template, as it is translated, without any choice made."""

import pytest

from tests.template.reading import Json, plain


@pytest.fixture(scope="session")
def template() -> Json:
    return plain()
