"""The options that every command has, and the client that they describe."""

import os
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Group, Parameter

from grafana_oncall import OnCallClient
from grafana_oncall.errors import InvalidArgument

_SETTINGS = Group("Settings", sort_key=90)
_TOKEN = "GRAFANA_ONCALL_ACCESS_TOKEN"  # noqa: S105  # the name of a variable
_USER_TOKEN = "GRAFANA_ONCALL_USER_TOKEN"  # noqa: S105  # the name of a variable

HELP = (
    f"Settings are read from GRAFANA_ONCALL_URL, {_TOKEN} and, with a service account's token, "
    f"GRAFANA_URL and {_USER_TOKEN}. Tokens come from these variables or from files, never from "
    "arguments, which other users of the machine can see."
)


@Parameter(name="*", group=_SETTINGS)
@attrs.frozen(kw_only=True)
class Common:
    """Options of every command. Secrets come from the environment or from a file."""

    url: Annotated[
        str | None, Parameter(help="OnCall API URL.", env_var="GRAFANA_ONCALL_URL", metavar="URL")
    ] = None
    grafana_url: Annotated[
        str | None,
        Parameter(
            help="URL of the Grafana stack, for service accounts.",
            env_var="GRAFANA_URL",
            metavar="URL",
        ),
    ] = None
    token_file: Annotated[
        Path | None, Parameter(help="File with the token.", env_var=f"{_TOKEN}_FILE")
    ] = None
    user_token_file: Annotated[
        Path | None,
        Parameter(
            help="File with a user's API key, for what service accounts may not do.",
            env_var=f"{_USER_TOKEN}_FILE",
        ),
    ] = None
    allow_http: Annotated[
        bool, Parameter(help="Allow a URL of plain http, which shows the token to the network.")
    ] = False
    json: Annotated[
        bool, Parameter(help="Print JSON: lists an object a line, all else one value.")
    ] = False

    def client(self) -> OnCallClient:
        """Return the client."""
        settings = {
            "GRAFANA_ONCALL_URL": self.url,
            "GRAFANA_URL": self.grafana_url,
            _TOKEN: _read("--token-file", self.token_file),
            _USER_TOKEN: _read("--user-token-file", self.user_token_file),
        }
        given = {name: value for name, value in settings.items() if value is not None}
        return OnCallClient.from_env({**os.environ, **given}, allow_http=self.allow_http)


def _read(option: str, path: Path | None) -> str | None:
    try:
        return None if path is None else path.read_text(encoding="utf-8").strip()
    except OSError as error:
        reason = error.strerror
    except ValueError:
        reason = "it is no UTF-8 text"  # whose bytes the error would show
    raise InvalidArgument(f"{option}: {path}: {reason}", argument=option)
