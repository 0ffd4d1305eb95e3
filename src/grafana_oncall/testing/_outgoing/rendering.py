"""The request of a webhook, by its templates and settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import attrs

from grafana_oncall.testing._ingest.templates import RenderFailed, render
from grafana_oncall.testing._objects.webhooks import FakeWebhook
from grafana_oncall.testing._resources.outgoing_webhooks import MASK
from grafana_oncall.testing._server.fields import is_mapping

_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"(:?)')
"""A text in JSON, with a colon if it is the name of a member."""
_WITH_BODY = {"POST", "PUT", "PATCH"}
_TRUE = {"true", "1"}  # neither stripped nor "ok", unlike the signals of an integration


@attrs.frozen(kw_only=True)
class WebhookRequest:
    """What to send."""

    method: str
    url: str
    headers: Mapping[str, Any]
    """As rendered: a value may be something that no header can have."""
    basic: tuple[str, str] | None
    """User and password."""
    body: str | None


class NotSentError(Exception):
    """Nothing is sent; the text says why."""


class NotTriggeredError(NotSentError):
    """Nothing is sent, and the server keeps no record of it."""


@attrs.define(kw_only=True)
class Rendering:
    """Renders what a webhook sends, and has what the server notes about that."""

    webhook: FakeWebhook
    context: Mapping[str, Any]
    """The names in the templates."""
    now: datetime
    url: str | None = None
    request_trigger: str | None = ""
    request_headers: str | None = None
    request_data: str | None = None

    def request(self, base_url: str) -> WebhookRequest:
        """Return the request.

        Args:
            base_url: The server's own URL, to which it sends nothing.

        Raises:
            NotSentError: There is none.
        """
        self._check_trigger()
        url = self._checked_url(base_url)
        headers, body = self._headers(), None
        if self.webhook.http_method in _WITH_BODY:
            headers, body = self._with_body(headers)
        return WebhookRequest(
            method=self.webhook.http_method,
            url=url,
            headers=headers,
            basic=_basic(self.webhook),
            body=body,
        )

    def _check_trigger(self) -> None:
        integration = self.context["integration"]["id"]
        if not self.webhook.is_webhook_enabled:
            raise NotTriggeredError("the webhook is disabled")
        if self.webhook.integration_filter and integration not in self.webhook.integration_filter:
            raise NotTriggeredError(f"the integration_filter is without {integration}")
        if self.webhook.trigger_template is not None:
            self._check_template(self.webhook.trigger_template)

    def _check_template(self, source: str) -> None:
        try:
            self.request_trigger = self._render(source, self.context)
        except RenderFailed as failure:
            self.request_trigger = f"Trigger - {failure}"
            raise NotSentError(self.request_trigger) from failure
        if self.request_trigger.lower() not in _TRUE:
            raise NotTriggeredError(f"the trigger_template gave {self.request_trigger!r}")

    def _checked_url(self, base_url: str) -> str:
        try:
            self.url = url = self._render(self.webhook.url, self.context)
            _check_url(url, base_url)
        except (RenderFailed, ValueError) as failure:
            self.url = f"URL - {failure}"
            raise NotSentError(self.url) from failure
        return url

    def _headers(self) -> dict[str, Any]:
        try:
            source = self.webhook.headers
            text = self._render(source, self._escaped()) if source else "{}"
            headers = _read_headers(text)
        except (RenderFailed, ValueError) as failure:
            self.request_headers = f"Headers - {failure}"
            raise NotSentError(self.request_headers) from failure
        if self.webhook.authorization_header:
            headers = _with(headers, "Authorization", self.webhook.authorization_header)
        shown = {name: MASK if _is_secret(name) else headers[name] for name in headers}
        self.request_headers = json.dumps(shown)
        return headers

    def _with_body(self, headers: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
        """Return the headers and the body; what is JSON has a Content-Type by itself."""
        text = self._data()
        if text is None:
            return headers, None
        body = text if self.webhook.forward_all else _as_json(text)
        self.request_data = repr(text.encode("utf-8", "replace")) if body is None else body
        if self.context["event"]["type"] == "personal notification":
            self.request_data = MASK
        if body is None:
            return headers, text
        return _with_default(headers, "Content-Type", "application/json"), body

    def _data(self) -> str | None:
        if self.webhook.forward_all:
            return json.dumps(self.context)
        if self.webhook.data is None:
            return None
        try:
            return self._render(self.webhook.data, self._escaped())
        except RenderFailed as failure:
            self.request_data = f"Data - {failure}"
            raise NotSentError(self.request_data) from failure

    def _render(self, source: str, names: Mapping[str, Any]) -> str:
        return render(source, self.now, **names)

    def _escaped(self) -> dict[str, Any]:
        """Return the names for a template of JSON, whose texts are escaped beforehand."""
        return {name: _escape(self.context[name]) for name in self.context}


def _escape(value: Any) -> Any:
    """Escape the texts in a value, but for names of members, at any depth."""

    def twice(text: re.Match[str]) -> str:
        return text[0] if text[2] else json.dumps(text[1])

    return json.loads(_TEXT.sub(twice, json.dumps(value)))


def _check_url(url: str, base_url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("Malformed url")
    if base_url in url:
        raise ValueError("Potential self-reference")


def _read_headers(text: str) -> dict[str, Any]:
    headers = json.loads(text) if _as_json(text) is not None else None
    if not is_mapping(headers):
        raise ValueError("Template did not result in json/dict")
    return headers


def _as_json(text: str) -> str | None:
    """Return a text that is JSON as the server writes it; `None` if it is something else."""
    try:
        return json.dumps(json.loads(text))
    except ValueError:
        return None


def _with(headers: Mapping[str, Any], name: str, value: str) -> dict[str, Any]:
    others = {each: headers[each] for each in headers if each.lower() != name.lower()}
    return {**others, name: value}


def _with_default(headers: dict[str, Any], name: str, value: str) -> dict[str, Any]:
    has_own = any(each.lower() == name.lower() for each in headers)
    return headers if has_own else {**headers, name: value}


def _is_secret(name: str) -> bool:
    return name.lower() == "authorization"


def _basic(webhook: FakeWebhook) -> tuple[str, str] | None:
    if not (webhook.username and webhook.password):
        return None
    return webhook.username, webhook.password
