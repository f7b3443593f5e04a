"""Expressions of `-m` and `-k` that pytest cannot read."""

import pytest
from _pytest.mark.expression import Expression
from hypothesis import given
from hypothesis import strategies as st

from runner.plugin.marks import check_syntax

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("text", ["not (", "a and", "and", "a b", "(a", "a or or b", "()", "a not b", "a (b)"])
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(pytest.UsageError, match="wrong expression in -k"):
        check_syntax("-k", text)


@pytest.mark.parametrize("text", ["", "a", "not a", "(a or b) and not c.d[x-1]", "slow(n=1) or b", "a::b", "True"])
def test_an_expression_passes(text):
    check_syntax("-k", text)


@given(st.lists(st.sampled_from(["and", "or", "not", "(", ")", "one", "two[a-1]"]), min_size=1, max_size=8))
def test_pytest_is_of_the_same_opinion(words):
    text = " ".join(words)
    try:
        Expression.compile(text)
    except SyntaxError:
        with pytest.raises(pytest.UsageError):
            check_syntax("-k", text)
    else:
        check_syntax("-k", text)
