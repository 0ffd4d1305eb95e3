"""The options that every command has, and the client that they describe."""

import os
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter

from grafana_oncall import OnCallClient
from grafana_oncall.errors import InvalidArgument

_TOKEN = "GRAFANA_ONCALL_ACCESS_TOKEN"  # noqa: S105  # the name of a variable


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Common:
    """Options of every command. Secrets come from the environment or from a file."""

    url: Annotated[str | None, Parameter(help="OnCall API URL.", env_var="GRAFANA_ONCALL_URL")] = (
        None
    )
    grafana_url: Annotated[
        str | None,
        Parameter(help="URL of the Grafana stack, for service accounts.", env_var="GRAFANA_URL"),
    ] = None
    token_file: Annotated[
        Path | None,
        Parameter(help=f"File with the token, in place of {_TOKEN}.", env_var=f"{_TOKEN}_FILE"),
    ] = None
    json: Annotated[bool, Parameter(help="Print JSON for programs.", negative=())] = False

    def client(self) -> OnCallClient:
        """Return the client."""
        settings = {
            "GRAFANA_ONCALL_URL": self.url,
            "GRAFANA_URL": self.grafana_url,
            _TOKEN: None if self.token_file is None else _read(self.token_file),
        }
        given = {name: value for name, value in settings.items() if value is not None}
        return OnCallClient.from_env({**os.environ, **given})


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"--token-file: {error}", argument="token_file") from None
