"""What a consumer can know of a server's groups, and how changes update it."""

from __future__ import annotations

from typing import Any

import attrs

from grafana_oncall.changes import Change, Snapshot, Watched
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall

STATES = ("firing", "acknowledged", "resolved", "silenced")


@attrs.frozen
class View:
    """What is known of a group at one moment."""

    state: str
    alerts: int
    labels: tuple[tuple[str, str], ...]

    @classmethod
    def at(cls, group: FakeAlertGroup) -> View:
        """As the server has it."""
        return cls(group.state, group.alerts_count, tuple(sorted(group.labels)))

    @classmethod
    def of(cls, snapshot: Snapshot) -> View:
        """As a watcher reports it."""
        return cls(snapshot.state.value, snapshot.alerts_count, snapshot.labels)

    def to_json(self) -> dict[str, Any]:
        """For a file."""
        return attrs.asdict(self)

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> View:
        """From a file."""
        labels = tuple((key, value) for key, value in members["labels"])
        return cls(members["state"], members["alerts"], labels)


def on_server(fake: FakeOnCall, label: tuple[str, str] | None = None) -> dict[str, View]:
    """All groups, or those with the label."""
    return {
        group.id: View.at(group)
        for group in fake.groups.values()
        if not label or label in group.labels
    }


def follow(model: dict[str, View], change: Watched, label: tuple[str, str] | None = None) -> None:
    """Apply a change, as a consumer that mirrors the groups does."""
    if isinstance(change, Change):
        view = None if change.after is None else View.of(Snapshot.of(change.after))
        if view is None or (label and label not in view.labels):
            model.pop(change.id, None)
        else:
            model[change.id] = view
