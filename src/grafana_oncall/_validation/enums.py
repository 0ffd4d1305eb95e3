"""Validation of enum arguments (state, delete mode)."""

from typing import Final, Literal, TypeAlias

from grafana_oncall._core.text import shown
from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._generated.models.alert_groups import AlertGroupState, DeleteMode
from grafana_oncall.errors import InvalidArgument

from .arguments import one_of

State: TypeAlias = (
    AlertGroupState | Literal["firing", "new", "acknowledged", "resolved", "silenced"]
)
"""A state to filter by; `firing` and `new` mean the same."""

StateFilter: TypeAlias = Literal["new", "acknowledged", "resolved", "silenced"]

_FILTER_OF: Final[dict[AlertGroupState, StateFilter]] = {
    # Responses say `firing`; the filter only accepts `new`.
    AlertGroupState.FIRING: "new",
    AlertGroupState.ACKNOWLEDGED: "acknowledged",
    AlertGroupState.RESOLVED: "resolved",
    AlertGroupState.SILENCED: "silenced",
}


def state_filter(state: object) -> StateFilter | UnsetType:
    """Return a state as the server's filter spells it; None does not filter."""
    return UNSET if state is None else _FILTER_OF[wanted_state(state)]


def wanted_state(state: object) -> AlertGroupState:
    """Return a state; None is an error."""
    known = AlertGroupState(state) if isinstance(state, str) else None
    if known is None or known not in _FILTER_OF:
        names = ", ".join(("firing (or new)", *list(_FILTER_OF.values())[1:]))
        message = f"state={shown(state)} is not a state; known: {names}."
        raise InvalidArgument(message, argument="state")
    return known


def delete_mode(mode: object) -> DeleteMode:
    """Return a delete mode; an unknown one is an error, because deletion cannot be undone."""
    return one_of("mode", mode, DeleteMode)
