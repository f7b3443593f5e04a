"""A terminal's escape sequences are taken out of a stream, wherever it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.escapes import LONGEST, EscapeFilter

pytestmark = pytest.mark.unit

SEQUENCES = [
    b"\x1b[32m",
    b"\x1b[0K",
    b"\x1b[?25l",
    b"\x1b[38;5;1m",
    b"\x1b]0;title\x07",
    b"\x1b]8;;http://a\x1b\\",
    b"\x1b(B",
    b"\x1bM",
]


def strip(*pieces):
    escapes = EscapeFilter()
    return b"".join([escapes.feed(each) for each in pieces]) + escapes.end()


@pytest.mark.smoke
def test_colours_are_taken_out_and_text_stays():
    assert strip(b"\x1b[32m.\x1b[0m\x1b[32m.\x1b[0m 1 gr\xc3\xbcn\n") == b".. 1 gr\xc3\xbcn\n"


@given(
    st.lists(st.one_of(st.sampled_from(SEQUENCES), st.binary(max_size=5).map(lambda it: it.replace(b"\x1b", b"")))),
    st.data(),
)
def test_where_the_stream_is_cut_makes_no_difference(parts, data):
    whole = b"".join(parts)
    cut = data.draw(st.integers(0, len(whole)))
    text = b"".join(each for each in parts if each not in SEQUENCES)
    assert strip(whole[:cut], whole[cut:]) == text


def test_text_behind_a_sequence_is_not_held_back():
    assert EscapeFilter().feed(b"\x1b[32m.") == b"."


def test_an_escape_that_begins_no_sequence_is_passed_on_in_the_end():
    assert strip(b"a\x1b") == b"a\x1b"
    escapes = EscapeFilter()
    assert len(escapes.feed(b"\x1b]" + b"x" * 2 * LONGEST)) == 2 * LONGEST + 2
