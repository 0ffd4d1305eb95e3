"""`FakeOnCall.add_alert`: an alert without a request."""

from __future__ import annotations

import json
from typing import Any

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._server.additions import Additions
from grafana_oncall.testing._server.arguments import INTEGRATION, shown
from grafana_oncall.testing._server.responses import RefusedError
from grafana_oncall.testing._server.state import FakeAlertGroup, FakeIntegration

from .payloads import payloads_of
from .receive import receive_all


class AddAlerts(Additions):
    """Add alerts."""

    @explain_keywords
    def add_alert(self, integration: FakeIntegration, payload: Any) -> FakeAlertGroup:
        """Do what a POST of this body to the integration's link does, without a request.

        The alert makes a group or joins an open one, by the integration's templates and routes; no
        rate limit counts it. Of a body with several alerts, as Grafana posts them, all are taken
        in, and the group of the last one is returned.

        Args:
            integration: Where the alert goes, as `add_integration` returns it.
            payload: The body, which JSON can express: for `alertmanager`, what it posts.

        Raises:
            ValueError: The server would refuse the body, or there is no alert in it that it could
                take in.
        """
        INTEGRATION(integration=integration)
        now = self._world.apply_due()
        try:
            body = json.loads(json.dumps(payload))  # a copy, as it arrives
            groups = receive_all(self._world, integration, payloads_of(integration.type, body), now)
        except (RecursionError, RefusedError) as refusal:
            raise ValueError(f"{_what(integration, payload)} is refused by the server") from refusal
        if not groups:
            raise ValueError(f"{_what(integration, payload)} makes no alert")
        return groups[-1]


def _what(integration: FakeIntegration, payload: Any) -> str:
    return f"payload={shown(payload)} for an integration of type {integration.type!r}"
