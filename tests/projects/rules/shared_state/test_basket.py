"""Breaks the rule "no shared state": two tests share a list of the module."""

BASKET: list[str] = []


def test_a_new_basket_is_empty():
    assert BASKET == []


def test_an_article_goes_into_the_basket():
    BASKET.append("cup")
    assert "cup" in BASKET


def test_a_basket_can_be_checked_out():
    assert BASKET, "needs the test before it"


def test_prices_add_up():
    assert 2 + 2 == 4
