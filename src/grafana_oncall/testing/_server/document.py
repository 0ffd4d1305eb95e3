"""The document that the state of a fake is written as."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import attrs

from grafana_oncall.testing._objects.pages import (
    EscalationRun,
    NotificationRun,
    Paging,
    SmsBundle,
)
from grafana_oncall.testing._objects.webhooks import WebhookRun

from .agenda import Planned
from .populate import COLLECTIONS
from .rate_limit import RateLimit
from .state import FakeAlertGroup, FakeIntegration, Flavour, Role
from .world import World

VERSION = 1


@attrs.frozen(kw_only=True)
class Options:
    """The options of a fake, as they are now."""

    seed: int
    flavour: Flavour
    token: str
    base_url: str
    grafana_url: str | None
    rate_limit: RateLimit | None
    delete_delay: timedelta | None
    wipe_delay: timedelta | None
    page_size: int
    latency: timedelta

    @classmethod
    def of(cls, world: World, token: str) -> Options:
        """Return the options of a world, with its first token."""
        names = attrs.fields_dict(cls).keys() - {"token"}
        return cls(token=token, **{name: getattr(world, name) for name in names})


@attrs.frozen(kw_only=True)
class SavedGrant:
    """The owner (by id) and role of a token."""

    user: str
    role: Role


@attrs.frozen(kw_only=True)
class Saved:
    """The document. It includes deleted objects that others still refer to."""

    version: int
    options: Options
    ids_drawn: int
    user: str
    tokens: dict[str, SavedGrant]
    labels: dict[str, list[str]]
    requests: dict[str, list[datetime]]
    """Times of each user's requests that still count against the rate limit."""
    deleted_integrations: list[FakeIntegration]
    groups: list[FakeAlertGroup]
    deleted_groups: list[FakeAlertGroup]
    """After reading, a group has ids in place of its integration and root, until `restore`."""
    paging: Paging = attrs.field(factory=Paging)
    agenda: list[Planned] = attrs.field(factory=list[Planned])


_RUNS: dict[str, type] = {
    "escalation_runs": EscalationRun,
    "notification_runs": NotificationRun,
    "sms_bundles": SmsBundle,
    "webhook_runs": WebhookRun,
}
"""What is under way, which no resource shows."""
STORES: dict[str, type] = {**{each.name: each.kind for each in COLLECTIONS}, **_RUNS}
"""Everything that is kept by id but groups: by name, its class."""
_LIST: Any = list
DOCUMENT: Any = attrs.make_class(
    "Document",
    {name: attrs.field(factory=_LIST, type=_LIST[kind]) for name, kind in STORES.items()},
    bases=(Saved,),
    frozen=True,
    kw_only=True,
)
"""`Saved`, with the objects of each collection or kind of run; what is absent is empty."""
