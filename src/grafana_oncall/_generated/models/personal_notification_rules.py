# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable, short_repr
from grafana_oncall._core.types import UNSET, UnsetType, optional_seconds


@attrs.frozen(kw_only=True, weakref_slot=False)
class PersonalNotificationRule(Serializable):
    """A step in notifying a user.

    Attributes:
        id: Id of the rule.
        user_id: Id of the user whom it notifies.
        position: Place among the user's rules of the same importance, from 0; there may be
            gaps.
        type: What a rule does.
        important: Whether it is for important notifications.
        duration: Seconds to wait; null if it does not wait.
    """

    id: str
    """Id of the rule."""
    user_id: str
    """Id of the user whom it notifies."""
    position: int
    """Place among the user's rules of the same importance, from 0; there may be gaps."""
    type: RuleType
    """What a rule does."""
    important: bool
    """Whether it is for important notifications."""
    duration: int | None = None
    """Seconds to wait; null if it does not wait."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class WaitRule(Serializable):
    """Wait before the next rule.

    Attributes:
        type: Always `wait`.
        user_id: Id of the user who is notified.
        duration: Time to wait: 1, 5, 15, 30 or 60 minutes; 5 by default.
        important: Whether it is for important notifications; false by default.
        position: Place in the user's list, from 0; -1, the default, is the end.
    """

    type: Literal["wait"] = "wait"
    """Always `wait`."""
    user_id: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user who is notified."""
    duration: (
        Annotated[int, msgspec.Meta(extra={"one_of": (60, 300, 900, 1800, 3600)})] | UnsetType
    ) = attrs.field(default=UNSET, converter=optional_seconds)
    """Time to wait: 1, 5, 15, 30 or 60 minutes; 5 by default."""
    important: bool | UnsetType = UNSET
    """Whether it is for important notifications; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the user's list, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyBySlackRule(Serializable):
    """Mention the user in Slack.

    Attributes:
        type: Always `notify_by_slack`.
        user_id: Id of the user who is notified.
        important: Whether it is for important notifications; false by default.
        position: Place in the user's list, from 0; -1, the default, is the end.
    """

    type: Literal["notify_by_slack"] = "notify_by_slack"
    """Always `notify_by_slack`."""
    user_id: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user who is notified."""
    important: bool | UnsetType = UNSET
    """Whether it is for important notifications; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the user's list, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyBySmsRule(Serializable):
    """Send an SMS.

    Attributes:
        type: Always `notify_by_sms`.
        user_id: Id of the user who is notified.
        important: Whether it is for important notifications; false by default.
        position: Place in the user's list, from 0; -1, the default, is the end.
    """

    type: Literal["notify_by_sms"] = "notify_by_sms"
    """Always `notify_by_sms`."""
    user_id: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user who is notified."""
    important: bool | UnsetType = UNSET
    """Whether it is for important notifications; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the user's list, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyByPhoneCallRule(Serializable):
    """Call the user.

    Attributes:
        type: Always `notify_by_phone_call`.
        user_id: Id of the user who is notified.
        important: Whether it is for important notifications; false by default.
        position: Place in the user's list, from 0; -1, the default, is the end.
    """

    type: Literal["notify_by_phone_call"] = "notify_by_phone_call"
    """Always `notify_by_phone_call`."""
    user_id: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user who is notified."""
    important: bool | UnsetType = UNSET
    """Whether it is for important notifications; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the user's list, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyByTelegramRule(Serializable):
    """Send a message by Telegram.

    Attributes:
        type: Always `notify_by_telegram`.
        user_id: Id of the user who is notified.
        important: Whether it is for important notifications; false by default.
        position: Place in the user's list, from 0; -1, the default, is the end.
    """

    type: Literal["notify_by_telegram"] = "notify_by_telegram"
    """Always `notify_by_telegram`."""
    user_id: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user who is notified."""
    important: bool | UnsetType = UNSET
    """Whether it is for important notifications; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the user's list, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyByEmailRule(Serializable):
    """Send an e-mail.

    Attributes:
        type: Always `notify_by_email`.
        user_id: Id of the user who is notified.
        important: Whether it is for important notifications; false by default.
        position: Place in the user's list, from 0; -1, the default, is the end.
    """

    type: Literal["notify_by_email"] = "notify_by_email"
    """Always `notify_by_email`."""
    user_id: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user who is notified."""
    important: bool | UnsetType = UNSET
    """Whether it is for important notifications; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the user's list, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyByMobileAppRule(Serializable):
    """Push to the mobile app.

    Attributes:
        type: Always `notify_by_mobile_app`.
        user_id: Id of the user who is notified.
        important: Whether it is for important notifications; false by default.
        position: Place in the user's list, from 0; -1, the default, is the end.
    """

    type: Literal["notify_by_mobile_app"] = "notify_by_mobile_app"
    """Always `notify_by_mobile_app`."""
    user_id: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user who is notified."""
    important: bool | UnsetType = UNSET
    """Whether it is for important notifications; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the user's list, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyByMobileAppCriticalRule(Serializable):
    """Push to the mobile app, loudly even if the phone is muted.

    Attributes:
        type: Always `notify_by_mobile_app_critical`.
        user_id: Id of the user who is notified.
        important: Whether it is for important notifications; false by default.
        position: Place in the user's list, from 0; -1, the default, is the end.
    """

    type: Literal["notify_by_mobile_app_critical"] = "notify_by_mobile_app_critical"
    """Always `notify_by_mobile_app_critical`."""
    user_id: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user who is notified."""
    important: bool | UnsetType = UNSET
    """Whether it is for important notifications; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the user's list, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyByWebhookRule(Serializable):
    """Call the user's personal webhook.

    Attributes:
        type: Always `notify_by_webhook`.
        user_id: Id of the user who is notified.
        important: Whether it is for important notifications; false by default.
        position: Place in the user's list, from 0; -1, the default, is the end.
    """

    type: Literal["notify_by_webhook"] = "notify_by_webhook"
    """Always `notify_by_webhook`."""
    user_id: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user who is notified."""
    important: bool | UnsetType = UNSET
    """Whether it is for important notifications; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the user's list, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyByMattermostRule(Serializable):
    """Mention the user in Mattermost; where the server has it.

    Attributes:
        type: Always `notify_by_mattermost`.
        user_id: Id of the user who is notified.
        important: Whether it is for important notifications; false by default.
        position: Place in the user's list, from 0; -1, the default, is the end.
    """

    type: Literal["notify_by_mattermost"] = "notify_by_mattermost"
    """Always `notify_by_mattermost`."""
    user_id: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user who is notified."""
    important: bool | UnsetType = UNSET
    """Whether it is for important notifications; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the user's list, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyByMsteamsRule(Serializable):
    """Mention the user in Microsoft Teams; Grafana Cloud only.

    Attributes:
        type: Always `notify_by_msteams`.
        user_id: Id of the user who is notified.
        important: Whether it is for important notifications; false by default.
        position: Place in the user's list, from 0; -1, the default, is the end.
    """

    type: Literal["notify_by_msteams"] = "notify_by_msteams"
    """Always `notify_by_msteams`."""
    user_id: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user who is notified."""
    important: bool | UnsetType = UNSET
    """Whether it is for important notifications; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the user's list, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class PersonalNotificationRuleUpdate(Serializable):
    """Changes to a rule; absent members are unchanged.

    Attributes:
        type: What a rule does.
        duration: Time to wait: 1, 5, 15, 30 or 60 minutes.
        position: New place in the user's list, from 0; -1 is the end.
    """

    type: RuleType | UnsetType = UNSET
    """What a rule does."""
    duration: (
        Annotated[int, msgspec.Meta(extra={"one_of": (60, 300, 900, 1800, 3600)})] | UnsetType
    ) = attrs.field(default=UNSET, converter=optional_seconds)
    """Time to wait: 1, 5, 15, 30 or 60 minutes."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """New place in the user's list, from 0; -1 is the end."""


if TYPE_CHECKING:
    RuleType: TypeAlias = (
        Literal[
            "wait",
            "notify_by_slack",
            "notify_by_sms",
            "notify_by_phone_call",
            "notify_by_telegram",
            "notify_by_email",
            "notify_by_mobile_app",
            "notify_by_mobile_app_critical",
            "notify_by_webhook",
            "notify_by_mattermost",
            "notify_by_msteams",
        ]
        | str
    )
else:
    RuleType = str
"""What a rule does.

Known values, to which servers may add: 'wait', 'notify_by_slack', 'notify_by_sms', 'notify_by_phone_call', 'notify_by_telegram', 'notify_by_email', 'notify_by_mobile_app', 'notify_by_mobile_app_critical', 'notify_by_webhook', 'notify_by_mattermost', 'notify_by_msteams'.
"""


PersonalNotificationRuleCreate: TypeAlias = (
    WaitRule
    | NotifyBySlackRule
    | NotifyBySmsRule
    | NotifyByPhoneCallRule
    | NotifyByTelegramRule
    | NotifyByEmailRule
    | NotifyByMobileAppRule
    | NotifyByMobileAppCriticalRule
    | NotifyByWebhookRule
    | NotifyByMattermostRule
    | NotifyByMsteamsRule
)
"""A rule of any type.
"""
