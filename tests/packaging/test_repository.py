"""What a hosting service and pre-commit read: workflows, forms and hooks."""

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.packaging.project import PYTHONS, ROOT

FORMS: Final = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"))
WORKFLOWS: Final = sorted((ROOT / ".github/workflows").glob("*.yml"))
COMMANDS: Final = {"audit.yml": ["make audit"], "test.yml": ["make demo", "make test"]}
"""What each workflow runs, beside checking out and installing Python."""


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _jobs(workflow: Path) -> list[dict[str, Any]]:
    return [*_read(workflow)["jobs"].values()]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_the_commands_that_everyone_runs(workflow: Path) -> None:
    """And nothing that only it knows."""
    steps = [step for job in _jobs(workflow) for step in job["steps"]]
    assert [step["run"] for step in steps if "run" in step] == COMMANDS[workflow.name]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read(workflow: Path) -> None:
    """A pull request cannot write through it, and a job that hangs ends."""
    assert _read(workflow)["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in _jobs(workflow))


def test_every_python_that_is_promised_is_tested() -> None:
    """The classifiers say which."""
    (job,) = _jobs(ROOT / ".github/workflows/test.yml")
    assert job["strategy"]["matrix"]["python"] == PYTHONS


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.name)
def test_an_issue_form_has_what_the_service_requires(form: Path) -> None:
    """A form that lacks any of it is not offered, and nobody is told."""
    content = _read(form)
    assert content["name"]
    assert content["description"]
    fields = [one for one in content["body"] if one["type"] != "markdown"]
    assert fields
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)
    assert all(field["attributes"]["options"] for field in fields if field["type"] == "dropdown")


def test_hooks_run_tools_of_make_lint() -> None:
    """With the versions of the environment, so that a hook finds what CI finds."""
    linted = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(BIN)", ".venv/bin")
    hooks = _read(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    for hook in hooks:
        assert hook["entry"].removesuffix(" --force-exclude") in linted
        assert hook["language"] == "system"
