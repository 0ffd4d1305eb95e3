"""schemathesis drives an application from openapi.yaml, and reports every violation of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final, TypeAlias

import attrs
import hypothesis
import schemathesis
from hypothesis import HealthCheck
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation.stateful import run_state_machine_as_test

from grafana_oncall.testing import DEFAULT_TOKEN
from tests.contract.servers import CHAIN_ID, TEAM_ID, App, Stage
from tests.contract.specification import CLOSED, OPERATIONS, ROOT, Json
from tests.support.budget import budget

Case: TypeAlias = schemathesis.Case[Any]

CHECKS: Final = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "ensure_resource_availability",
    "use_after_free",
)
"""The checks of schemathesis that are used. The others forbid what real servers do:

- not_a_server_error: some bad input ends in a 500. `_crash` looks for a 500 on good input instead.
- negative_data_rejection: pages, parameters and members that are wrong or unknown are ignored.
- positive_data_acceptance: valid data may name an unknown type, team or label, or conflict.
- unsupported_method, allow_header_conformance: a wrong method is a 500, and there is no Allow.
- missing_required_header: no operation has a header of its own.
- object_level_authorization: all tokens of an organization see the same objects.
"""

TAGS: Final = ("integrations", "alert_groups")
"""The tags with operations on groups."""

_PATHS: Final = {
    f"path.{name}": parameter["example"]
    for name, parameter in ROOT["components"]["parameters"].items()
    if parameter["in"] == "path"
}
_BODIES: Final = {
    "body.type": "webhook",
    "body.team_id": TEAM_ID,
    "body.default_route.escalation_chain_id": CHAIN_ID,
    "body.key.name": "severity",
    "body.value.name": "critical",
}
"""Values that exist on the server, and would hardly ever be guessed."""


@attrs.frozen
class Report:
    """The result of a run."""

    faults: list[str] = attrs.field(factory=list[str])
    """Each with the check, the operation and the reason."""
    responses: Counter[tuple[str, int]] = attrs.field(factory=Counter[tuple[str, int]])
    """Number of responses by operation and status, probes without a token included."""

    @property
    def succeeded(self) -> set[str]:
        """The operations that had a successful response."""
        return {operation for operation, status in self.responses if status < 300}

    @property
    def reached(self) -> set[str]:
        """The operations that had any response."""
        return {operation for operation, _ in self.responses}

    def add(self, case: Case, response: schemathesis.Response) -> None:
        """Record a response."""
        if response.request.method == case.operation.method.upper():  # no other method was tried
            self.responses[_NAMES[case.operation.label], response.status_code] += 1
        self.faults.extend(_crash(case, response))


_NAMES: Final = {
    f"{operation.method} {operation.path}": operation.id for operation in OPERATIONS.values()
}


def drive(app: App, operation: str) -> Report:
    """Send what the examples, limits and types of an operation suggest, valid and invalid."""
    schema = _schema(
        CLOSED,
        _PATHS | _BODIES,
        generation={"mode": "all", "max-examples": budget(4, hunt=100)},
        phases={"stateful": {"enabled": False}},
    ).include(operation_id=operation)
    schema.app = app
    report = Report()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            raise event.value
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, events.ScenarioFinished):
            _take_down(event.recorder, report)
    return report


def follow_links(
    make: Callable[[], App],
    tags: Sequence[str] = TAGS,
    *,
    until: Callable[[Report], bool] = lambda _: True,
) -> Report:
    """Go from operation to operation by the links, in scenarios with a server of their own.

    What Hypothesis draws depends on the constants in the modules that happen to be imported, and
    thus on the tests that ran before: no number of scenarios is certain to reach an operation. So
    rounds of them are run, up to ten, until the report meets the condition.
    """
    report = Report()
    for seed in range(10):
        _one_round(make, tags, report, seed)
        if report.faults or until(report):
            break
    return report


def _one_round(make: Callable[[], App], tags: Sequence[str], report: Report, seed: int) -> None:
    stage = Stage(app=make())
    schema = _schema(
        _explorable(CLOSED),
        _BODIES,
        generation={"mode": "positive", "with-security-parameters": False},
        checks={"ignored_auth": {"enabled": False}},  # `drive` checks it
    ).include(tag=list(tags))
    schema.app = stage
    machine = schema.as_state_machine()

    class Scenario(machine):  # type: ignore[misc, valid-type]  # generated from the specification
        """Some operations, one after the other."""

        def setup(self) -> None:
            stage.app = make()

        def validate_response(
            self,
            response: schemathesis.Response,
            case: Case,
            additional_checks: list[Any] | None = None,
            **kwargs: Any,
        ) -> None:
            report.add(case, response)
            try:
                super().validate_response(response, case, additional_checks, **kwargs)
            except FailureGroup as group:
                report.faults.extend(_messages(group.exceptions))

    run_state_machine_as_test(
        hypothesis.seed(seed)(Scenario),
        settings=hypothesis.settings(
            max_examples=budget(8, hunt=200),
            stateful_step_count=10,
            phases=[hypothesis.Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )


def _schema(root: Json, known: Mapping[str, str], **settings: Json) -> schemathesis.BaseSchema:
    config: Json = {
        "headers": {"Authorization": DEFAULT_TOKEN},
        "seed": 1,
        "continue-on-failure": True,
        "generation": {"deterministic": True, "database": "none", "no-shrink": True},
        "dictionaries": {value: {"values": [value]} for value in known.values()},
        "parameters": {
            name: {"dictionary": value, "probability": 0.8} for name, value in known.items()
        },
        "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
        "analysis": {"constants": {"enabled": False}},  # the same whatever the sources say
        "cache": {"enabled": False},
    }
    for section, values in settings.items():
        config[section] = config.get(section, {}) | values
    made = schemathesis.Config.from_dict(config)
    # Without a host, since schemathesis would look for it in the network.
    local = root | {"servers": [{"url": "/api/v1"}]}
    return schemathesis.openapi.from_dict(local, config=made)


def _explorable(root: Json) -> Json:
    """A specification whose scenarios find something when they list it, and create more."""
    explorable = deepcopy(root)
    for item in explorable["paths"].values():
        links = item.get("get", {}).get("responses", {}).get("200", {}).get("links")
        if links is None:
            continue
        # Random filters find nothing; references are to the number and the size of the page.
        item["get"]["parameters"] = [
            one
            for one in item["get"].get("parameters", [])
            if one.get("required") or one.get("name", "integration_id") == "integration_id"
        ]
        # Scenarios begin with lists only, since a creation refers to other objects.
        if "post" in item:
            links["create"] = {"operationId": item["post"]["operationId"]}
    return explorable


def _take_down(recorder: ScenarioRecorder, report: Report) -> None:
    for key, interaction in recorder.interactions.items():
        if interaction.response is not None:
            report.add(recorder.cases[key].value, interaction.response)
    for checks in recorder.checks.values():
        report.faults.extend(
            _messages([one.failure_info.failure for one in checks if one.failure_info is not None])
        )


def _messages(failures: Sequence[Failure]) -> Iterator[str]:
    for failure in failures:
        kind = type(failure).__name__
        # Groups are deleted later, and wiped ones stay.
        if kind != "UseAfterFree" or "/alert_groups/" not in (failure.operation or ""):
            yield f"{kind}: {failure.operation}: {failure.title}: {failure.message}"


def _crash(case: Case, response: schemathesis.Response) -> Iterator[str]:
    meta = case.meta
    good = meta is not None and meta.generation.mode is schemathesis.GenerationMode.POSITIVE
    if good and response.status_code >= 500 and not _is_known_to_crash(case):
        yield f"Crash: {case.operation.label}: {response.status_code}: {case.as_curl_command()}"


def _is_known_to_crash(case: Case) -> bool:
    """Whether real servers fail at this good input, which the facade does not send."""
    match _NAMES[case.operation.label], case.body:
        case "update_route", {"routing_type": _, **others}:
            return "routing_regex" not in others
        case "update_escalation_policy", {"important": True}:
            return True
        case _:
            return False
