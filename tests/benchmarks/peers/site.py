"""The fake server of a job, and the others who act on it meanwhile."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from random import Random
from typing import Final

import attrs

from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, FakeRequest, Fault, RateLimit, reset
from tests.benchmarks.samples import PER_PAGE, group_id, members

from . import plan
from .jobs import KEY, LATENCY, LIMIT, LOST, MINUTE, VALUE, Job, Size, ideal_storm
from .plan import number_of
from .waiting import Skipped

SEED: Final = 7
TOKEN: Final = "0123456789abcdef" * 4
"""As long as real ones: the SDK looks more thoroughly for one that may be in a text by chance."""


@attrs.define
class Site:
    """A fake, what others do to it by plan, and when the job began."""

    fake: FakeOnCall
    size: Size
    monotonic: Callable[[], float]
    acts: Sequence[plan.Act] = ()
    begin: Callable[[], None] = lambda: None
    """Is called by the first request, with which the job begins."""
    began: float | None = None
    _next: int = 0
    firing: frozenset[str] = frozenset()
    """Ids of the groups that are to be resolved in `storm`."""

    @property
    def least(self) -> float:
        """The least time of `storm`: to read the pages, and resolve what no one else takes on."""
        taken = self.firing & {act.id for act in self.acts}
        pages = ceil(len(self.firing) / PER_PAGE)
        return ideal_storm(pages + len(self.firing) - len(taken), self.size.used)

    def act(self) -> None:
        """Let others do what is due."""
        if self.began is None:
            self.began = self.monotonic()
            self.begin()
        now = self.monotonic() - self.began
        while self._next < len(self.acts) and self.acts[self._next].at <= now:
            self._do(self.acts[self._next], timedelta(seconds=now - self.acts[self._next].at))
            self._next += 1

    def _do(self, act: plan.Act, ago: timedelta) -> None:
        at = self.fake.now() - ago
        if act.kind == "created":
            _add(self.fake, number_of(act.id), at)
        elif act.kind == "deleted":
            del self.fake.groups[act.id]
        else:
            _enter(self.fake.groups[act.id], act.kind, at)


def _add(fake: FakeOnCall, number: int, at: datetime) -> FakeAlertGroup:
    values = VALUE if plan.is_labelled(number) else "Platform"
    sample = members(number)
    return fake.add_group(
        id=group_id(number),
        title=sample["title"],
        started_at=at,
        labels={KEY: values, "severity": "critical"},
        payload=sample["last_alert"]["payload"],
    )


def _enter(group: FakeAlertGroup, state: plan.Kind, at: datetime) -> None:
    if group.resolved_at is not None:
        return  # the client was faster
    group.acknowledged_at = at if state == "acknowledged" else None
    group.silenced_at = at if state == "silenced" else None
    group.resolved_at = at if state == "resolved" else None
    group.resolved_by = "UOTHER" if state == "resolved" else None


def made(job: Job, size: Size, skipped: Skipped) -> Site:
    """A server for a job, on which the clock is the one of the client."""
    wall = datetime.now(UTC) - timedelta(seconds=skipped.monotonic())
    fake = FakeOnCall(clock=skipped.clock(wall), seed=SEED, token=TOKEN)
    fake.latency = timedelta(seconds=LATENCY)
    fake.add_label(KEY, VALUE)
    site = Site(fake, size, skipped.monotonic)
    _PREPARED[job](site)
    return site


def _fill(site: Site, groups: int) -> None:
    """Add groups that began a day ago at most, the newest first."""
    now, step = site.fake.now(), timedelta(days=1) / groups
    for number in range(groups):
        _add(site.fake, number, now - (number + 1) * step)


def _meanwhile(site: Site) -> None:
    def choose(_request: FakeRequest, _operation: str | None) -> Fault | None:
        site.act()
        return None

    site.fake.faults.choose(choose)


def _prepare_list(site: Site) -> None:
    _fill(site, site.size.groups)


def _prepare_storm(site: Site) -> None:
    _fill(site, site.size.groups)
    site.firing = frozenset(
        group_id(number) for number in range(site.size.groups) if plan.is_labelled(number)
    )
    site.fake.rate_limit = RateLimit(requests=LIMIT, window=timedelta(seconds=MINUTE))
    site.acts = plan.storm(SEED, site.size.groups, site.least)
    site.begin = partial(_use, site)
    _meanwhile(site)


def _use(site: Site) -> None:
    """Let another program of the same user use up a part of the limit."""
    site.fake.keep_calls = False
    for _ in range(site.size.used):
        headers = {"Authorization": site.fake.token}
        site.fake.handle(FakeRequest("GET", "/api/v1/organizations/", "", headers, b""))
    site.fake.keep_calls = True


def _prepare_follow(site: Site) -> None:
    _fill(site, site.size.watched)
    for number in range(site.size.watched):
        _enter(site.fake.groups[group_id(number)], plan.state_of(number), site.fake.now())
    site.acts = plan.follow(SEED, site.size.watched, site.size.seconds - site.size.quiet)
    _meanwhile(site)


def _prepare_create(site: Site) -> None:
    random = Random(SEED)  # noqa: S311  # it must be repeatable
    site.fake.faults.choose(lambda *_: reset(applied=True) if random.random() < LOST else None)


_PREPARED: Final[Mapping[Job, Callable[[Site], None]]] = {
    "list": _prepare_list,
    "storm": _prepare_storm,
    "follow": _prepare_follow,
    "create": _prepare_create,
}
