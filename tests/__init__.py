"""Asks pytest to explain failed asserts outside test files too."""

import pytest

pytest.register_assert_rewrite("tests.conformance", "tests.support")
