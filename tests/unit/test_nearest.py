"""Hints: the nearest known word."""

import pytest

from runner.core.nearest import make_hint

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("word", ["smok", "smokee", "somke", "smoke"])
def test_a_near_miss_gets_the_word_that_was_meant(word):
    assert make_hint(word, ["slow", "smoke", "security"]) == "did you mean `smoke`"


def test_a_word_like_no_other_gets_all_in_order():
    assert make_hint("qqq", ["slow", "e2e"]) == "known: e2e, slow"
