"""What to install for an optional feature."""


def install(extra: str) -> str:
    """Return the command that installs an extra.

    It names no package of an index: until the first release, that name may be anybody's.
    """
    return f"pip install '.[{extra}]', in a checkout of grafana-oncall-sdk"
