"""The settings of a client that the environment has."""

from collections.abc import Container, Mapping
from typing import Final

from grafana_oncall._core.secret import Secret
from grafana_oncall.errors import InvalidArgument


def read_environment(
    variables: Secret[Mapping[str, str]], *, given: Container[str] = ()
) -> dict[str, str | Secret[str] | None]:
    """Return url, tokens and grafana_url as the environment sets them, unless they are given."""
    settings: dict[str, str | Secret[str] | None] = {}
    if "url" not in given:
        settings["url"] = _required(variables, "url", *_URL).value
    if "token" not in given:
        settings["token"] = _required(variables, "token", *_TOKEN)
    if "user_token" not in given and variables.value.get(_USER_TOKEN):
        settings["user_token"] = Secret(variables.value[_USER_TOKEN])
    if "grafana_url" not in given:
        settings["grafana_url"] = variables.value.get("GRAFANA_URL") or None
    return settings


_URL: Final = ("GRAFANA_ONCALL_URL", "the OnCall API URL of the stack's settings page")
_TOKEN: Final = (
    "GRAFANA_ONCALL_ACCESS_TOKEN",
    "a user's OnCall API key or a service account token",
)
"""Names of variables, and what to set them to."""
_USER_TOKEN: Final = "GRAFANA_ONCALL_USER_TOKEN"  # noqa: S105  # the name of a variable


def _required(
    variables: Secret[Mapping[str, str]], argument: str, variable: str, meaning: str
) -> Secret[str]:
    value = Secret(variables.value.get(variable, ""))
    if not value.value:
        message = (
            f"The environment variable {variable} is missing or empty. Set it to {meaning}, or "
            f"pass {argument}=."
        )
        raise InvalidArgument(message, argument=variable)
    return value
