"""Settings for all tests."""

from hypothesis import settings

from tests.support.budget import budget

settings.register_profile("budget", max_examples=budget(30, hunt=2000), deadline=None)
settings.load_profile("budget")
