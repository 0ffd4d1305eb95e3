# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of phone_notifications: a method for each operation."""

from __future__ import annotations

from typing import Any

from grafana_oncall._listing import bodies
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.phone_notifications import PhoneNotification
from ..operations import phone_notifications as operations


class PhoneNotifications(Resource):
    """Phone calls and text messages, by the provider of the server. Each of them costs money.

    All methods raise `InvalidArgument` before anything is sent, `StatusError` for an error
    response, `TransportError` if there is no response, `DecodeError` for a response that is not
    what the API promises, and `ClientStateError` when the client is closed. Writes raise
    `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/index/
    """

    async def make_call(self, *, email: str, message: str) -> dict[str, Any]:
        """Call the phone of a user and read a message aloud. It costs money.

        The server pays for each call.

        It has its own limit, 60 requests per minute for calls and messages together.

        Needs a user's OnCall API key.

        Args:
            email: Email address of the user.
            message: Up to 1024 characters.

        Raises:
            NotFound: No user with a verified phone number has this address.
            BadRequest: `limit-exceeded`, or `number-not-verified`.
            OutcomeUnknown: There was no response, or the provider failed, so the phone may
                have been reached.
            UserTokenRequired: The token is a service account's.
        """
        body = bodies.body(
            PhoneNotification,
            email=arguments.filled("email", email),
            message=arguments.filled("message", message),
        )
        return await self._session.send(operations.make_call(body))

    async def send_sms(self, *, email: str, message: str) -> dict[str, Any]:
        """Send a text message to the phone of a user. It costs money.

        The server pays for each message.

        It has its own limit, 60 requests per minute for calls and messages together.

        Needs a user's OnCall API key.

        Args:
            email: Email address of the user.
            message: Up to 1024 characters.

        Raises:
            NotFound: No user with a verified phone number has this address.
            BadRequest: `limit-exceeded`, or `number-not-verified`.
            OutcomeUnknown: There was no response, or the provider failed, so the phone may
                have been reached.
            UserTokenRequired: The token is a service account's.
        """
        body = bodies.body(
            PhoneNotification,
            email=arguments.filled("email", email),
            message=arguments.filled("message", message),
        )
        return await self._session.send(operations.send_sms(body))
