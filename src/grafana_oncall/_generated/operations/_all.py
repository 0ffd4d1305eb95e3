# Written by `make codegen` from openapi.yaml. Do not edit.
"""The builders of every tag, and the table of all operations. It brings the models of all."""

from typing import Final

from .alert_groups import (
    ACKNOWLEDGE_ALERT_GROUP,
    ADD_ALERT_GROUP_LABEL,
    DELETE_ALERT_GROUP,
    GET_ALERT_GROUP,
    LIST_ALERT_GROUPS,
    REMOVE_ALERT_GROUP_LABEL,
    RESOLVE_ALERT_GROUP,
    SILENCE_ALERT_GROUP,
    UNACKNOWLEDGE_ALERT_GROUP,
    UNRESOLVE_ALERT_GROUP,
    UNSILENCE_ALERT_GROUP,
    acknowledge_alert_group,
    add_alert_group_label,
    delete_alert_group,
    get_alert_group,
    list_alert_groups,
    remove_alert_group_label,
    resolve_alert_group,
    silence_alert_group,
    unacknowledge_alert_group,
    unresolve_alert_group,
    unsilence_alert_group,
)
from .integrations import (
    CREATE_INTEGRATION,
    DELETE_INTEGRATION,
    GET_INTEGRATION,
    LIST_INTEGRATIONS,
    UPDATE_INTEGRATION,
    create_integration,
    delete_integration,
    get_integration,
    list_integrations,
    update_integration,
)
from .teams import GET_TEAM, LIST_TEAMS, get_team, list_teams
from .users import GET_CURRENT_USER, GET_USER, LIST_USERS, get_current_user, get_user, list_users

OPERATIONS: Final = (
    LIST_INTEGRATIONS,
    CREATE_INTEGRATION,
    GET_INTEGRATION,
    UPDATE_INTEGRATION,
    DELETE_INTEGRATION,
    LIST_ALERT_GROUPS,
    GET_ALERT_GROUP,
    DELETE_ALERT_GROUP,
    ACKNOWLEDGE_ALERT_GROUP,
    UNACKNOWLEDGE_ALERT_GROUP,
    RESOLVE_ALERT_GROUP,
    UNRESOLVE_ALERT_GROUP,
    SILENCE_ALERT_GROUP,
    UNSILENCE_ALERT_GROUP,
    ADD_ALERT_GROUP_LABEL,
    REMOVE_ALERT_GROUP_LABEL,
    LIST_USERS,
    GET_CURRENT_USER,
    GET_USER,
    LIST_TEAMS,
    GET_TEAM,
)
"""Every operation of the specification, in its order."""

__all__ = [
    "OPERATIONS",
    "acknowledge_alert_group",
    "add_alert_group_label",
    "create_integration",
    "delete_alert_group",
    "delete_integration",
    "get_alert_group",
    "get_current_user",
    "get_integration",
    "get_team",
    "get_user",
    "list_alert_groups",
    "list_integrations",
    "list_teams",
    "list_users",
    "remove_alert_group_label",
    "resolve_alert_group",
    "silence_alert_group",
    "unacknowledge_alert_group",
    "unresolve_alert_group",
    "unsilence_alert_group",
    "update_integration",
]
