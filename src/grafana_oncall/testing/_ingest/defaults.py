"""The templates of each type of integrations, for those that an integration leaves empty."""

from __future__ import annotations

import attrs

_OK = '{{ payload.get("state", "").upper() == "OK" }}'
_UID = '{{ payload.get("alert_uid", "") }}'
_NO_TITLE = "No title (check Web Title Template)"


def _title(member: str, check: str = "check") -> str:
    return f'{{{{ payload.get("{member}", "Title undefined ({check} Web Title Template)") }}}}'


def _either(first: str) -> str:
    return f'{{{{ payload.{first} or (payload.labels or {{}}).alertname or "{_NO_TITLE}" }}}}'


@attrs.frozen(kw_only=True)
class Defaults:
    """What the alerts of a type are grouped by, what resolves them, and how they are called."""

    grouping_key: str = _UID
    resolve_signal: str | None = _OK
    title: str = "Incident"


_WEBHOOK = Defaults(
    grouping_key="{{ payload.alert_uid if payload is mapping and payload.is_oncall_heartbeat "
    "else payload }}"
)
_ALERTMANAGER = Defaults(
    grouping_key="{{ payload.groupKey }}",
    resolve_signal='{{ payload.status == "resolved" }}',
    title="{% set names = payload.groupLabels or {} %}"
    '{{ (payload.labels if "labels" in payload else names).alertname }} '
    '{% set rest = names.items() | rejectattr(0, "eq", "alertname") | map(attribute=1) | list %}'
    '{% if rest %}({{ rest | join(", ") }}){% endif %}',
)
_PAGED = Defaults(
    grouping_key="{{ payload }}", resolve_signal=None, title="{{ payload.oncall.title }}"
)
_TYPES = {
    "alertmanager": _ALERTMANAGER,
    "direct_paging": _PAGED,
    "elastalert": Defaults(),
    "formatted_webhook": Defaults(title=_title("title", "Check")),
    "grafana": Defaults(
        grouping_key=_either("ruleName"),
        resolve_signal='{{ payload.state == "ok" or payload.status == "resolved" }}',
        title=_either("title"),
    ),
    "grafana_alerting": _ALERTMANAGER,
    "inbound_email": Defaults(
        grouping_key='{{ payload.get("subject", "").upper() }}',
        resolve_signal='{{ payload.get("message", "").upper() == "OK" }}',
        title=_title("subject"),
    ),
    "kapacitor": Defaults(
        grouping_key='{{ payload.get("id", "") }}',
        resolve_signal='{{ payload.get("level", "").startswith("OK") }}',
        title=_title("id"),
    ),
    "legacy_alertmanager": Defaults(
        grouping_key="{{ payload.labels }}",
        resolve_signal=None,
        title="{{ payload.labels.alertname }}",
    ),
    "manual": _PAGED,
    "zabbix": Defaults(title=_title("title")),
}


def defaults_of(type: str) -> Defaults:
    """Return the templates of a type; what is not known of one is as for `webhook`."""
    return _TYPES.get(type, _WEBHOOK)
