"""The jobs by this SDK."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import attrs

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.bulk import Status
from grafana_oncall.errors import OnCallError
from grafana_oncall.models import AlertGroup

from .jobs import AT_ONCE, EVERY, KEY, VALUE, Jobs

_NAMES: Final = {"unacknowledged": "firing", "unsilenced": "firing", "unresolved": "firing"}
_DONE: Final = {Status.CHANGED, Status.ALREADY}


@attrs.frozen
class Ours(Jobs):
    """The jobs, as the documentation shows them."""

    client: OnCallClient
    clock: Callable[[], datetime]

    async def groups(self) -> Sequence[AlertGroup]:
        """All groups."""
        return [group async for group in self.client.alert_groups.list(prefetch=AT_ONCE - 1)]

    def row(self, group: AlertGroup) -> tuple[str, str]:
        """Id and state of a group."""
        return group.id, group.state

    async def storm(self) -> Sequence[str]:
        """Resolve what carries the label; return the ids of what is resolved."""
        firing = self.client.alert_groups.list(state="firing", labels={KEY: VALUE})
        report = await self.client.alert_groups.bulk.resolve(firing, max_at_once=AT_ONCE)
        return [each.id for each in report.outcomes if each.status in _DONE]

    async def create(self, names: Sequence[str]) -> Sequence[str]:
        """Create integrations; return the names of those that exist."""
        at_once = asyncio.Semaphore(AT_ONCE)
        # Nobody waits for a single one; and of 400 requests, one may well get lost five times.
        patient = RetryPolicy(max_attempts=10)
        client = self.client.with_options(background=True, retry=patient)

        async def create(name: str) -> str | None:
            async with at_once:
                try:
                    await client.integrations.create(
                        type="webhook", name=name, labels={KEY: VALUE}, reconcile=True
                    )
                except OnCallError:
                    return None
            return name

        done = await asyncio.gather(*map(create, names))
        return [name for name in done if name is not None]

    async def follow(self, report: Callable[[str, str], None]) -> None:
        """Report changes until cancelled."""
        from grafana_oncall.changes import Change  # noqa: PLC0415  # the other jobs need none

        async for change in self.client.alert_groups.watch(every=EVERY, clock=self.clock):
            if isinstance(change, Change):
                name = type(change).__name__.lower()
                report(change.id, _NAMES.get(name, name))


@asynccontextmanager
async def opened(
    url: str, token: str, clock: Callable[[], datetime], **options: Any
) -> AsyncGenerator[Ours]:
    """The jobs by a client with these options."""
    async with OnCallClient(url=url, token=token, **options) as client:
        yield Ours(client, clock)
