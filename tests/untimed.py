"""Property tests have no deadline: on a busy machine it would measure what else is running."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
