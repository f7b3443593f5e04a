"""The commands that need no database."""

import pytest

from orders.cli import main

pytestmark = pytest.mark.unit


def test_total_prints_the_sum(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["total", "3x9.99", "2x0.50"]) == 0
    assert capsys.readouterr().out == "30.97\n"


@pytest.mark.parametrize("arguments", [[], ["total"], ["total", "3 for 2"], ["refund"]])
def test_wrong_usage_exits_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2
    assert "usage: orders" in capsys.readouterr().err
