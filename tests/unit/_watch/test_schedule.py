"""When to poll: what the tests of watchers cannot show."""

from datetime import timedelta

from grafana_oncall._watch.schedule import Schedule


async def test_hints_that_are_never_taken_are_bounded() -> None:
    """As in an outage, which may last for days."""
    schedule = Schedule(timedelta(seconds=15))
    for number in range(100_000):
        schedule.hint([f"I{number}"])
    assert len(schedule.take_all_hints()) == 1000
