"""What a server keeps, and the `add_…` methods of `FakeOnCall`, which need no request."""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._ingest.add import AddAlerts
from grafana_oncall.testing._resources.chat import SLACK_CHANNELS, USER_GROUPS, AddChat
from grafana_oncall.testing._resources.collection import Collection
from grafana_oncall.testing._resources.escalation_chains import (
    ESCALATION_CHAINS,
    AddEscalationChains,
)
from grafana_oncall.testing._resources.escalation_policies import (
    ESCALATION_POLICIES,
    AddEscalationPolicies,
)
from grafana_oncall.testing._resources.integrations import INTEGRATIONS, AddIntegrations
from grafana_oncall.testing._resources.on_call_shifts import ON_CALL_SHIFTS, AddShifts
from grafana_oncall.testing._resources.outgoing_webhooks import WEBHOOKS, AddWebhooks
from grafana_oncall.testing._resources.people import TEAMS, USERS, AddPeople
from grafana_oncall.testing._resources.personal_notification_rules import (
    PERSONAL_NOTIFICATION_RULES,
    AddPersonalNotificationRules,
)
from grafana_oncall.testing._resources.resolution_notes import RESOLUTION_NOTES, AddResolutionNotes
from grafana_oncall.testing._resources.routes import ROUTES, AddRoutes
from grafana_oncall.testing._resources.schedules import SCHEDULES, AddSchedules
from grafana_oncall.testing._resources.shift_swaps import SHIFT_SWAPS, AddShiftSwaps

from .arguments import (
    GROUP,
    INTEGRATION,
    MOMENT,
    NAME,
    SIZE,
    TEXT,
    LabelsLike,
    label_pairs,
    one_of,
)
from .auth import SERVICE_ACCOUNT_PREFIX, Grant
from .state import (
    FakeAlertGroup,
    FakeIntegration,
    FakeUser,
    Role,
    State,
)

_ROLE = one_of(get_args(Role))
_STATE = one_of(get_args(State))


COLLECTIONS: tuple[Collection[Any], ...] = (
    ESCALATION_CHAINS,
    ESCALATION_POLICIES,
    INTEGRATIONS,
    ROUTES,
    ON_CALL_SHIFTS,
    PERSONAL_NOTIFICATION_RULES,
    SCHEDULES,
    SHIFT_SWAPS,
    RESOLUTION_NOTES,
    SLACK_CHANNELS,
    TEAMS,
    USER_GROUPS,
    USERS,
    WEBHOOKS,
)
"""The resources whose objects a server keeps by id; alert groups are kept in an index."""


class Populate(
    AddAlerts,
    AddChat,
    AddEscalationChains,
    AddEscalationPolicies,
    AddIntegrations,
    AddPeople,
    AddPersonalNotificationRules,
    AddRoutes,
    AddResolutionNotes,
    AddSchedules,
    AddShiftSwaps,
    AddShifts,
    AddWebhooks,
):
    """The `add_…` methods of `FakeOnCall`: those of each resource, and of tokens and groups."""

    @explain_keywords
    def add_token(
        self,
        token: str,
        *,
        user: str | None = None,
        role: Role = "admin",
        service_account: bool | None = None,
    ) -> FakeUser:
        """Add a token, and return its user, who is added if necessary.

        Tokens of service accounts, and only those, start with `glsa_`. A token of role `"none"` is
        refused everywhere.
        """
        NAME(token=token)
        NAME.or_none(user=user)
        _ROLE(role=role)
        if service_account not in {None, token.startswith(SERVICE_ACCOUNT_PREFIX)}:
            raise ValueError(
                f"tokens of service accounts, and only those, start with "
                f"{SERVICE_ACCOUNT_PREFIX!r}: change the token accordingly"
            )
        owner = self.add_user(user or f"user{len(self._world.store(FakeUser)) + 1}", role=role)
        self._world.grants[token] = Grant.of(token, owner, role)
        return owner

    @explain_keywords
    def add_label(self, key: str, *values: str) -> None:
        """Add a key and values to the label repository, so that requests may use them."""
        for text in (key, *values):
            NAME(label=text)
        self._world.labels.setdefault(key, set()).update(values)

    @explain_keywords
    def add_group(
        self,
        *,
        title: str | None = "Memory above 90% threshold",
        state: State = "firing",
        integration: FakeIntegration | None = None,
        started_at: datetime | None = None,
        labels: LabelsLike | None = None,
        payload: Any = None,
        alerts_count: int = 1,
        root: FakeAlertGroup | None = None,
        maintenance: bool = False,
        id: str | None = None,
    ) -> FakeAlertGroup:
        """Add an alert group; by default it starts firing now, in the first integration.

        Any other state was entered when the group started, by the first user. `labels`, such as
        `{"team": "SRE"}` or `["team:SRE"]`, are added to the repository. A maintenance incident has
        an integration of its own, which the API does not show.
        """
        _STATE(state=state)
        SIZE(alerts_count=alerts_count)
        TEXT.or_none(title=title)
        NAME.or_none(id=id)
        MOMENT.or_none(started_at=started_at)
        INTEGRATION.or_none(integration=integration)
        GROUP.or_none(root=root)
        pairs = label_pairs(labels)
        source = integration or self._source(maintenance=maintenance)
        group = self._world.new_group(id=id, source=source, started_at=started_at)
        group.title, group.alerts_count = title, alerts_count
        group.payload = {"message": title} if payload is None else payload
        group.root, group.maintenance = root, maintenance
        self._enter(group, state)
        for key, value in pairs:
            self.add_label(key, value)
            group.labels.append((key, value))
        if started_at is None and state == "firing":
            return self._world.open_group(group)
        self._world.groups.add(group)
        return group

    def _source(self, *, maintenance: bool) -> FakeIntegration:
        if maintenance:
            return self._world.new_integration(type="maintenance", name="Maintenance")
        known = next(iter(self._world.store(FakeIntegration).values()), None)
        return known or self.add_integration()

    def _enter(self, group: FakeAlertGroup, state: State) -> None:
        user = next(iter(self._world.store(FakeUser)))
        if state == "acknowledged":
            group.acknowledged_at, group.acknowledged_by = group.started_at, user
        elif state == "resolved":
            group.resolved_at, group.resolved_by = group.started_at, user
        elif state == "silenced":
            group.silenced_at = group.started_at
