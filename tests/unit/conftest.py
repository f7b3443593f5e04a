"""What all unit tests share."""

import untimed  # noqa: F401 -- importing it is all
