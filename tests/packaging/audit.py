"""`make audit`: known vulnerabilities of the dependencies of the package and its extras.

It checks the lowest versions that pyproject.toml allows, and the newest ones with all that they
depend on. pip-audit asks the service on the network that `PIP_AUDIT_VULNERABILITY_SERVICE` names.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from tempfile import NamedTemporaryFile
from typing import Any

from tests.packaging.project import lower_bounds, requirements


def problems(output: str) -> Iterator[str]:
    """Return the problems in the JSON of pip-audit: vulnerabilities, and what it did not check."""
    dependencies: list[dict[str, Any]] = json.loads(output)["dependencies"]
    if all("skip_reason" in dependency for dependency in dependencies):
        yield "nothing was checked: the vulnerability service knows none of the packages"
        return
    for dependency in dependencies:
        name = dependency["name"]
        if "skip_reason" in dependency:
            yield f"{name} was not checked: {dependency['skip_reason']}"
        for one in dependency.get("vulns", ()):
            fixed = ", ".join(one["fix_versions"]) or "no version yet"
            yield f"{name} {dependency['version']}: {one['id']}, fixed in {fixed}"


def _audit(lines: Sequence[str], *options: str) -> list[str]:
    with NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(lines))
        file.flush()
        command = [sys.executable, "-m", "pip_audit", "--requirement", file.name, *options]
        shown = ["--format", "json", "--progress-spinner", "off"]
        done = subprocess.run([*command, *shown], capture_output=True, text=True, check=False)
    try:
        return [*problems(done.stdout)]
    except ValueError:
        reason = done.stderr.strip().rpartition("\n")[2]
        return [f"nothing was checked: the vulnerability service did not respond ({reason})"]


def main() -> None:
    """Print the problems, and exit with 1 if there are any."""
    lowest = [f"{name}=={version}" for name, version in lower_bounds().items()]
    newest = [str(requirement) for requirement in requirements()]
    found = [
        *(f"lowest versions: {one}" for one in _audit(lowest, "--no-deps")),
        *(f"newest versions: {one}" for one in _audit(newest)),
    ]
    if found:
        sys.exit("\n".join(["make audit failed:", *found]))
    print("No known vulnerabilities in the lowest and the newest versions.")  # noqa: T201  # a command


if __name__ == "__main__":
    main()
