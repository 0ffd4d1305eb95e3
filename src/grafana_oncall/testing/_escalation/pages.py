"""What a test reads of escalations: pages, and a log."""

from __future__ import annotations

from grafana_oncall.testing._objects.pages import EscalationRecord, Page, Paging
from grafana_oncall.testing._server.world import World


class Pages:
    """The pages of a server and the log of its escalations."""

    _world: World

    @property
    def pages(self) -> list[Page]:
        """The pages that have been sent, in order: who was paged, how, when and why.

        The latest 10,000 are kept.

        Raises:
            NotImplementedError: An escalation came to something that the fake does not model, and
                so stopped there.
        """
        return self._paging().pages

    @property
    def escalation_log(self) -> list[EscalationRecord]:
        """The steps of escalations that ran or failed, and users who were not reached, in order.

        The latest 10,000 are kept.

        Raises:
            NotImplementedError: As for `pages`.
        """
        return self._paging().log

    def _paging(self) -> Paging:
        self._world.apply_due()
        paging = self._world.paging
        if paging.unmodelled:
            raise NotImplementedError(f"the fake does not model this: {paging.unmodelled[0]}")
        return paging
