# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Any, Final

from grafana_oncall._core.request import Operation, Request

from ..models.phone_notifications import PhoneNotification

MAKE_CALL: Final = Operation(
    id="make_call",
    method="POST",
    path="make_call/",
    permission="",
    needs_user=True,
    success=200,
    retry="never",
    check="ask the person.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/index/",
)


def make_call(body: PhoneNotification) -> Request[dict[str, Any]]:
    """Call the phone of a user and read a message aloud. It costs money.

    `POST /api/v1/make_call/`

    The server pays for each call.

    It has its own limit, 60 requests per minute for calls and messages together.
    """
    return Request(operation=MAKE_CALL, path="make_call/", returns=dict[str, Any], body=body)


SEND_SMS: Final = Operation(
    id="send_sms",
    method="POST",
    path="send_sms/",
    permission="",
    needs_user=True,
    success=200,
    retry="never",
    check="ask the person.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/index/",
)


def send_sms(body: PhoneNotification) -> Request[dict[str, Any]]:
    """Send a text message to the phone of a user. It costs money.

    `POST /api/v1/send_sms/`

    The server pays for each message.

    It has its own limit, 60 requests per minute for calls and messages together.
    """
    return Request(operation=SEND_SMS, path="send_sms/", returns=dict[str, Any], body=body)
