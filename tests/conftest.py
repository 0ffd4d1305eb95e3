"""Settings for all tests."""

from hypothesis import Phase, settings

from tests.support.budget import MUTATED, budget

settings.register_profile("budget", max_examples=budget(30, hunt=2000), deadline=None)
# The same examples for each mutant; a failure is enough, however large its example.
settings.register_profile(
    "mutants",
    settings.get_profile("budget"),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("mutants" if MUTATED else "budget")
