# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of personal_notification_rules: a method for each operation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._listing import bodies
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.personal_notification_rules import (
    NotifyByEmailRule,
    NotifyByMattermostRule,
    NotifyByMobileAppCriticalRule,
    NotifyByMobileAppRule,
    NotifyByMsteamsRule,
    NotifyByPhoneCallRule,
    NotifyBySlackRule,
    NotifyBySmsRule,
    NotifyByTelegramRule,
    NotifyByWebhookRule,
    PersonalNotificationRule,
    PersonalNotificationRuleCreate,
    PersonalNotificationRuleUpdate,
    RuleType,
    WaitRule,
)
from ..operations import personal_notification_rules as operations


class PersonalNotificationRules(Resource):
    """How users are notified: by which channels, in which order, and after which waits.

    Each user has two lists of rules, one of them for important notifications, and positions in
    each. All methods need a user's OnCall API key (`user_token=` beside a service account's
    token); writes need the Editor role, and may concern any user.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/personal_notification_rules/
    """

    def list(
        self,
        *,
        user_id: str | None = None,
        important: bool | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[PersonalNotificationRule]:
        """List rules, by user, importance and position.

        Needs a user's OnCall API key.

        Args:
            user_id: Exact id of the user.
            important: Whether the rules are for important notifications; both kinds without
                it.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.

        Raises:
            BadRequest: There is no such user.
            UserTokenRequired: The token is a service account's.
        """
        request = operations.list_personal_notification_rules(
            user_id=arguments.identifier("user_id", user_id),
            important=arguments.flag("important", important),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)

    async def create(
        self, rule: PersonalNotificationRuleCreate | Mapping[str, Any]
    ) -> PersonalNotificationRule:
        """Create a rule, by default after the user's others.

        Without a `position` it becomes the last of its list; with one, those from there on move
        by
        one.

        Not idempotent: a repeat creates another one.

        Needs a user's OnCall API key.

        Args:
            rule: One of `WaitRule`, `NotifyBySlackRule`, `NotifyBySmsRule`,
                `NotifyByPhoneCallRule`, `NotifyByTelegramRule`, `NotifyByEmailRule`,
                `NotifyByMobileAppRule`, `NotifyByMobileAppCriticalRule`, `NotifyByWebhookRule`,
                `NotifyByMattermostRule`, `NotifyByMsteamsRule`; or a mapping of that shape.

        Raises:
            OutcomeUnknown: There was no response, so the rule may exist now.
            BadRequest: There is no such user, or the server does not have this channel.
            UserTokenRequired: The token is a service account's.
        """
        kinds: tuple[type[PersonalNotificationRuleCreate], ...] = (
            WaitRule,
            NotifyBySlackRule,
            NotifyBySmsRule,
            NotifyByPhoneCallRule,
            NotifyByTelegramRule,
            NotifyByEmailRule,
            NotifyByMobileAppRule,
            NotifyByMobileAppCriticalRule,
            NotifyByWebhookRule,
            NotifyByMattermostRule,
            NotifyByMsteamsRule,
        )
        body = bodies.one_of("rule", rule, kinds)
        return await self._session.send(operations.create_personal_notification_rule(body))

    async def get(
        self, personal_notification_rule_id: str | PersonalNotificationRule
    ) -> PersonalNotificationRule:
        """Get one rule.

        Needs a user's OnCall API key.

        Args:
            personal_notification_rule_id: Id of the rule, or the object.

        Raises:
            NotFound: There is no such rule.
            UserTokenRequired: The token is a service account's.
        """
        return await self._session.send(
            operations.get_personal_notification_rule(personal_notification_rule_id)
        )

    async def update(
        self,
        personal_notification_rule_id: str | PersonalNotificationRule,
        *,
        type: RuleType | UnsetType = UNSET,
        duration: timedelta | int | UnsetType = UNSET,
        position: int | UnsetType = UNSET,
    ) -> PersonalNotificationRule:
        """Change the members that are given, and keep the others.

        The user and the importance of a rule are fixed. Another `type` loses the duration,
        which only `wait` has: five minutes, unless it is given. A `position` moves the rule
        there, and those between by one.

        Needs a user's OnCall API key.

        Args:
            personal_notification_rule_id: Id of the rule, or the object.
            type: What a rule does.
            duration: Time to wait: 1, 5, 15, 30 or 60 minutes.
            position: New place in the user's list, from 0; -1 is the end.

        Raises:
            NotFound: There is no such rule.
            BadRequest: The server does not have this channel, or the rule does not wait and
                has no duration.
            UserTokenRequired: The token is a service account's.
        """
        body = bodies.body(
            PersonalNotificationRuleUpdate,
            type=(type if type is UNSET else arguments.filled("type", type)),
            duration=(
                duration if duration is UNSET else arguments.whole_seconds("duration", duration)
            ),
            position=position,
        )
        request = operations.update_personal_notification_rule(personal_notification_rule_id, body)
        return await self._change(
            request, operations.get_personal_notification_rule(personal_notification_rule_id)
        )

    async def delete(self, personal_notification_rule_id: str | PersonalNotificationRule) -> None:
        """Delete a rule; the others keep their positions.

        Needs a user's OnCall API key.

        Args:
            personal_notification_rule_id: Id of the rule, or the object.

        Raises:
            NotFound: There is no such rule.
            UserTokenRequired: The token is a service account's.
        """
        return await self._session.send(
            operations.delete_personal_notification_rule(personal_notification_rule_id)
        )
