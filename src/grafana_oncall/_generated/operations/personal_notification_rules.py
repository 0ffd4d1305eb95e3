# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query, segment
from grafana_oncall._core.types import UNSET, UnsetType

from ..constraints import ID
from ..models.personal_notification_rules import (
    PersonalNotificationRule,
    PersonalNotificationRuleCreate,
    PersonalNotificationRuleUpdate,
)

LIST_PERSONAL_NOTIFICATION_RULES: Final = Operation(
    id="list_personal_notification_rules",
    method="GET",
    path="personal_notification_rules/",
    permission="grafana-irm-app.user-settings:read",
    needs_user=True,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/personal_notification_rules/",
)


def list_personal_notification_rules(
    *,
    user_id: str | UnsetType = UNSET,
    important: bool | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[PersonalNotificationRule]]:
    """List rules, by user, importance and position.

    `GET /api/v1/personal_notification_rules/`
    """
    return Request(
        operation=LIST_PERSONAL_NOTIFICATION_RULES,
        path="personal_notification_rules/",
        returns=Page[PersonalNotificationRule],
        query=query(
            ("user_id", user_id), ("important", important), ("page", page), ("perpage", perpage)
        ),
    )


CREATE_PERSONAL_NOTIFICATION_RULE: Final = Operation(
    id="create_personal_notification_rule",
    method="POST",
    path="personal_notification_rules/",
    permission="grafana-irm-app.user-settings:write",
    needs_user=True,
    success=201,
    retry="never",
    check="list the rules of the user.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/personal_notification_rules/",
)


def create_personal_notification_rule(
    body: PersonalNotificationRuleCreate,
) -> Request[PersonalNotificationRule]:
    """Create a rule, by default after the user's others.

    `POST /api/v1/personal_notification_rules/`

    Without a `position` it becomes the last of its list; with one, those from there on move by
    one.

    Not idempotent: a repeat creates another one.
    """
    return Request(
        operation=CREATE_PERSONAL_NOTIFICATION_RULE,
        path="personal_notification_rules/",
        returns=PersonalNotificationRule,
        body=body,
    )


GET_PERSONAL_NOTIFICATION_RULE: Final = Operation(
    id="get_personal_notification_rule",
    method="GET",
    path="personal_notification_rules/{personal_notification_rule_id}/",
    permission="grafana-irm-app.user-settings:read",
    needs_user=True,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/personal_notification_rules/",
)


def get_personal_notification_rule(
    personal_notification_rule_id: str | PersonalNotificationRule,
) -> Request[PersonalNotificationRule]:
    """Get one rule.

    `GET /api/v1/personal_notification_rules/{personal_notification_rule_id}/`
    """
    return Request(
        operation=GET_PERSONAL_NOTIFICATION_RULE,
        path=f"personal_notification_rules/{segment('personal_notification_rule_id', personal_notification_rule_id, ID, PersonalNotificationRule)}/",
        returns=PersonalNotificationRule,
    )


UPDATE_PERSONAL_NOTIFICATION_RULE: Final = Operation(
    id="update_personal_notification_rule",
    method="PUT",
    path="personal_notification_rules/{personal_notification_rule_id}/",
    permission="grafana-irm-app.user-settings:write",
    needs_user=True,
    success=200,
    retry="same",
    check="read the rule and compare.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/personal_notification_rules/",
)


def update_personal_notification_rule(
    personal_notification_rule_id: str | PersonalNotificationRule,
    body: PersonalNotificationRuleUpdate,
) -> Request[PersonalNotificationRule]:
    """Change the members that are given, and keep the others.

    `PUT /api/v1/personal_notification_rules/{personal_notification_rule_id}/`

    The user and the importance of a rule are fixed. Another `type` loses the duration, which
    only `wait` has: five minutes, unless it is given. A `position` moves the rule there, and
    those between by one.
    """
    return Request(
        operation=UPDATE_PERSONAL_NOTIFICATION_RULE,
        path=f"personal_notification_rules/{segment('personal_notification_rule_id', personal_notification_rule_id, ID, PersonalNotificationRule)}/",
        returns=PersonalNotificationRule,
        body=body,
    )


DELETE_PERSONAL_NOTIFICATION_RULE: Final = Operation(
    id="delete_personal_notification_rule",
    method="DELETE",
    path="personal_notification_rules/{personal_notification_rule_id}/",
    permission="grafana-irm-app.user-settings:write",
    needs_user=True,
    success=204,
    retry="missing",
    check="read the rule; NotFound means that it is deleted.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/personal_notification_rules/",
)


def delete_personal_notification_rule(
    personal_notification_rule_id: str | PersonalNotificationRule,
) -> Request[None]:
    """Delete a rule; the others keep their positions.

    `DELETE /api/v1/personal_notification_rules/{personal_notification_rule_id}/`
    """
    return Request(
        operation=DELETE_PERSONAL_NOTIFICATION_RULE,
        path=f"personal_notification_rules/{segment('personal_notification_rule_id', personal_notification_rule_id, ID, PersonalNotificationRule)}/",
        returns=type(None),
    )
