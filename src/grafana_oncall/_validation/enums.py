"""Pure checks as in `_arguments`, of what is one of a few: they need the enums of alert groups."""

from typing import Final, Literal, TypeAlias

from grafana_oncall._core.text import shown
from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._generated.models.alert_groups import AlertGroupState, DeleteMode
from grafana_oncall.errors import InvalidArgument

State: TypeAlias = (
    AlertGroupState | Literal["firing", "new", "acknowledged", "resolved", "silenced"]
)
"""A state to filter by; `firing` and `new` are two spellings of one."""

StateFilter: TypeAlias = Literal["new", "acknowledged", "resolved", "silenced"]

_FILTER_OF: Final[dict[AlertGroupState, StateFilter]] = {
    # Answers say `firing`; the filter refuses that, and says `new`.
    AlertGroupState.FIRING: "new",
    AlertGroupState.ACKNOWLEDGED: "acknowledged",
    AlertGroupState.RESOLVED: "resolved",
    AlertGroupState.SILENCED: "silenced",
}


def state_filter(state: object) -> StateFilter | UnsetType:
    """The spelling that the server's filter takes; None means not to filter."""
    return UNSET if state is None else _FILTER_OF[wanted_state(state)]


def wanted_state(state: object) -> AlertGroupState:
    """A state that must be given."""
    known = AlertGroupState(state) if isinstance(state, str) else None
    if known is None or known not in _FILTER_OF:
        names = ", ".join(("firing (or new)", *list(_FILTER_OF.values())[1:]))
        message = f"state={shown(state)} is none of the states: {names}."
        raise InvalidArgument(message, argument="state")
    return known


def delete_mode(mode: object) -> DeleteMode:
    """The mode; an unknown mode is refused here, since it cannot be undone."""
    if isinstance(mode, str) and mode in [*DeleteMode]:
        return DeleteMode(mode)
    message = f"mode={shown(mode)}: 'wipe' or 'delete' is needed."
    raise InvalidArgument(message, argument="mode")
