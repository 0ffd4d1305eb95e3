"""What to install for an optional feature."""


def install(extra: str) -> str:
    """Return the command that installs an extra, from the package index or in a checkout."""
    return f"pip install 'grafana-oncall-sdk[{extra}]', or '.[{extra}]' in a checkout"
