"""Groups that this release cannot decode: they are left out, and reported once."""

from collections.abc import Iterable, Sequence

from grafana_oncall._session.state import Shared
from grafana_oncall.errors import DecodeError
from grafana_oncall.events import GroupsSkipped


class Undecodable:
    """What is wrong with groups of a shape that this release does not know: they are left out.

    Each is reported once, until it can be decoded again.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._found: list[DecodeError] = []
        """Since the last report."""
        self._reported: set[str | None] = set()
        self._any_decoded = False

    def add(self, errors: Sequence[DecodeError], decoded: Iterable[str]) -> None:
        """Note groups that cannot be decoded, and the ids of others that can."""
        for group_id in decoded:
            self._any_decoded = True
            self._reported.discard(group_id)
        self._found += errors

    def report(self) -> None:
        """Emit an event for what was found since the last report; raise where all are like that.

        Raises:
            DecodeError: Some groups were found, and none could ever be decoded.
        """
        found = {error.object_id: error for error in self._found}
        self._found.clear()
        new = [found[group_id] for group_id in found.keys() - self._reported]
        if not new:
            return
        if not self._any_decoded:
            raise new[0]
        self._reported.update(found)
        ids = tuple(sorted(error.object_id for error in new if error.object_id is not None))
        self._shared.emit(GroupsSkipped(number=len(new), ids=ids, path=new[0].path or "$"))
