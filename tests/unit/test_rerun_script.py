"""The script that runs a failed test again, inside the environment."""

import pytest

from runner.core.events import REQUIRED
from runner.core.postmortem import RERUN

pytestmark = pytest.mark.unit


def test_its_question_has_all_that_the_runner_wants_to_know():
    # One without a field is no event: nobody would answer, and the script would wait for ever.
    assert [name for name in REQUIRED["restore-wanted"] if f'"{name}"' not in RERUN] == []
