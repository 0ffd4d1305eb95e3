"""The organization of the server, and its stack."""

from __future__ import annotations

from grafana_oncall.testing._server.context import Context, Operation, page_response
from grafana_oncall.testing._server.rate_limit import Quota
from grafana_oncall.testing._server.responses import FakeResponse, as_json, crashed, json_response

_ORGANIZATION = {"id": "OFAKE4NCALL11"}


def list_organizations(context: Context) -> FakeResponse:
    """List the only one; the open-source engine crashes."""
    if context.world.flavour == "oss":
        raise crashed()
    return page_response(context, [_ORGANIZATION], as_json, page_size=25)


def get_organization(_: Context) -> FakeResponse:
    """Get the only one, whatever the id."""
    return json_response(200, _ORGANIZATION)


def get_info(context: Context) -> FakeResponse:
    """Get the URL of the stack."""
    return json_response(200, {"url": context.world.stack_url})


_QUOTA = Quota("info", requests=100)
OPERATIONS = (
    Operation("list_organizations", "GET", "organizations", "viewer", list_organizations),
    Operation("get_current_organization", "GET", "organizations/{id}", "viewer", get_organization),
    Operation(
        *("get_info", "GET", "info", "viewer", get_info),
        needs_user=True,
        quota=_QUOTA,
        has_reset=False,
    ),
)
