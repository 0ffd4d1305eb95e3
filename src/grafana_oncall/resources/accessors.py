"""The resources of a client, each a cached property: the generated ones, and those with more parts.

The models of a resource are built when it is first used, since few programs use all of them.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from grafana_oncall._generated.resources import _all as generated

if TYPE_CHECKING:
    from grafana_oncall.resources.directory import Directory
    from grafana_oncall.resources.schedules import Schedules


class Resources(generated.Resources):
    """Base of the client: one attribute for each resource."""

    @cached_property
    def directory(self) -> "Directory":
        """The users, teams and integrations that ids stand for, kept for ten minutes."""
        from grafana_oncall.resources.directory import Directory  # noqa: PLC0415  # see above

        return Directory(self._session)

    @cached_property
    def schedules(self) -> "Schedules":
        """Schedules: who is on call when."""
        from grafana_oncall.resources.schedules import Schedules  # noqa: PLC0415  # see above

        return Schedules(self._session, self.directory)
