"""The API token: where it comes from, its validation, and what may be known of it."""

import re
from collections.abc import Mapping
from hashlib import sha256

from grafana_oncall._core.secret import Secret
from grafana_oncall.errors import InvalidArgument


def check_token(token: Secret[object]) -> None:
    """Raise InvalidArgument, without showing the token, if it cannot be one."""
    if not isinstance(token.value, str) or not token.value:
        fault = "a non-empty string is needed: an OnCall API key or a service account token."
    elif token.value.lower().startswith("bearer "):
        fault = "give it bare: the API takes no scheme word such as 'Bearer'."
    elif not re.fullmatch(r"[!-~]+", token.value):
        fault = "it contains a space, a control character or a non-ASCII character."
    else:
        return
    raise InvalidArgument(f"token: {fault}", argument="token")


def digest(token: Secret[str]) -> str:
    """Return a name for the token that does not reveal it."""
    return sha256(token.value.encode()).hexdigest()[:32]


def is_service_account(token: Secret[str]) -> bool:
    """Whether the token belongs to a Grafana service account rather than to a user."""
    return token.value.startswith("glsa_")


def read_environment(
    variables: Secret[Mapping[str, str]],
) -> tuple[str, Secret[str], str | None]:
    """Return the API's URL, the token and the stack's URL, if that is set."""
    url = variables.value.get("GRAFANA_ONCALL_URL")
    token = Secret(variables.value.get("GRAFANA_ONCALL_ACCESS_TOKEN", ""))
    if not url:
        raise _missing("GRAFANA_ONCALL_URL")
    if not token.value:
        raise _missing("GRAFANA_ONCALL_ACCESS_TOKEN")
    return url, token, variables.value.get("GRAFANA_URL") or None


def _missing(name: str) -> InvalidArgument:
    return InvalidArgument(f"The environment variable {name} is missing or empty.", argument=name)
