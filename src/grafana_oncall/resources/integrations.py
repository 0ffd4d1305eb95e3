"""Integrations: what the generated methods lack, creating and updating them."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, cast

import msgspec

from grafana_oncall import labels as label_rules
from grafana_oncall._codec.converter import to_input
from grafana_oncall._codec.decode import contains, encode
from grafana_oncall._core.request import Page, Request, Result
from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._generated.models.integrations import (
    DefaultRouteInput,
    Integration,
    IntegrationCreate,
    IntegrationUpdate,
    TemplatesInput,
)
from grafana_oncall._generated.operations import integrations as operations
from grafana_oncall._generated.resources import integrations as generated
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.pages import next_page
from grafana_oncall._session.call import ReadBack, Send
from grafana_oncall._validation.arguments import text_filter
from grafana_oncall._validation.jinja import template_problem
from grafana_oncall.errors import InvalidArgument, TemplateError
from grafana_oncall.labels import LabelsLike

Templates: TypeAlias = TemplatesInput | Mapping[str, Any]
"""Templates to set: the model, or mappings such as `{"slack": {"title": None}}`."""

DefaultRoute: TypeAlias = DefaultRouteInput | Mapping[str, Any]
"""A default route to set: the model, or mappings such as `{"slack": {"enabled": True}}`."""


class Integrations(generated.Integrations):
    """The sources of alerts of the organization that the token belongs to.

    Writes need the Admin role.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/oncall/latest/oncall-api-reference/integrations/
    """

    async def create(
        self,
        *,
        type: str,
        name: str | UnsetType = UNSET,
        description_short: str | UnsetType | None = UNSET,
        team_id: str | UnsetType | None = UNSET,
        labels: LabelsLike | UnsetType = UNSET,
        dynamic_labels: LabelsLike | UnsetType = UNSET,
        templates: Templates | UnsetType = UNSET,
        default_route: DefaultRoute | UnsetType = UNSET,
        reconcile: bool = False,
    ) -> Integration:
        """Create an integration. Not idempotent: a repeat creates another one.

        The result shows what the server kept: the open-source engine ignores labels.

        Args:
            type: Such as `webhook`, `alertmanager` or `grafana`.
            name: Unique within the team; without it, the server generates one.
            description_short: Description of one line.
            team_id: Id of the team.
            labels: Static labels, such as `{"team": "SRE"}`.
            dynamic_labels: Labels whose values are Jinja2 templates, evaluated for each alert.
            templates: How alerts look; the Jinja2 syntax of each is checked.
            default_route: Where alerts go that match no other route.
            reconcile: Whether to look for the `name`, which is then required, when a request got no
                response, and to retry if there is no such integration. Costs a request for the list
                before, and one each time a request is in doubt. An integration of this name that
                another program creates at the same moment is taken for ours.

        Raises:
            LabelError: Labels break the documented rules; reports all of them.
            TemplateError: Templates are not valid Jinja2; reports all of them.
            OutcomeUnknown: There was no response, so the integration may exist now.
            BadRequest: The type is unknown or deprecated, the name exists, or the team is unknown.
        """
        if type == "":
            message = "type='': pass a type, such as 'webhook'."
            raise InvalidArgument(message, argument="type")
        body = to_input(
            _members(
                type=type,
                name=name,
                description_short=description_short,
                team_id=team_id,
                **_nested(labels, dynamic_labels, templates, default_route),
            ),
            IntegrationCreate,
            argument="",
        )
        read_back = await self._new_integration(name) if reconcile else None
        return await self._session.send(operations.create_integration(body), read_back=read_back)

    async def _new_integration(self, name: str | UnsetType) -> ReadBack[Integration]:
        """Return what looks for an integration of this name that does not exist now."""
        if name is UNSET:
            message = "reconcile=True needs a name= to look for."
            raise InvalidArgument(message, argument="reconcile")
        # Not by `list`, which raises FilterIgnored if the server does not support the filter.
        named = operations.list_integrations(name=text_filter("name", name))
        listed = Pager(self._session, named, prefetch=DEFAULT_PREFETCH)
        before = {integration.id for integration in await listed.collect()}

        async def created(send: Send) -> Result[Integration] | None:
            request: Request[Page[Integration]] | None = operations.list_integrations(name=name)
            while request is not None:
                page = await send(request)
                for integration in page.value.results:
                    # A server that does not support the filter returns all integrations.
                    if integration.name == name and integration.id not in before:
                        return Result(value=integration, response=page.response)
                request = next_page(request, page.value)
            return None

        return created

    async def update(
        self,
        integration_id: str,
        *,
        name: str | UnsetType = UNSET,
        description_short: str | UnsetType | None = UNSET,
        team_id: str | UnsetType | None = UNSET,
        labels: LabelsLike | UnsetType = UNSET,
        dynamic_labels: LabelsLike | UnsetType = UNSET,
        templates: Templates | UnsetType = UNSET,
        default_route: DefaultRoute | UnsetType = UNSET,
    ) -> Integration:
        """Change the members that are given, and keep the others.

        In `templates`, None resets a template or a whole block to its default, and members that are
        absent keep their values. The type of an integration cannot be changed.

        Args:
            integration_id: Id of the integration.
            name: New name, unique within the team.
            description_short: Description of one line; None empties it.
            team_id: Id of the new team; None for no team.
            labels: Static labels, which replace the current ones.
            dynamic_labels: Dynamic labels, which replace the current ones.
            templates: Templates to set or to reset.
            default_route: Parts of the default route to set.

        Raises:
            LabelError: Labels break the documented rules; reports all of them.
            TemplateError: Templates are not valid Jinja2; reports all of them.
            NotFound: There is no such integration.
            BadRequest: The name exists, or the team is unknown.
        """
        body = to_input(
            _members(
                name=name,
                description_short=description_short,
                team_id=team_id,
                **_nested(labels, dynamic_labels, templates, default_route),
            ),
            IntegrationUpdate,
            argument="",
        )
        request = operations.update_integration(integration_id, body)

        async def updated(send: Send) -> Result[Integration] | None:
            current = await send(operations.get_integration(integration_id))
            return current if contains(current.response.content, encode(request)) else None

        return await self._session.send(request, read_back=updated)


def _members(**members: object) -> dict[str, object]:
    """Return the members that were given."""
    return {name: value for name, value in members.items() if value is not UNSET}


def _nested(
    labels: LabelsLike | UnsetType,
    dynamic_labels: LabelsLike | UnsetType,
    templates: Templates | UnsetType,
    default_route: DefaultRoute | UnsetType,
) -> dict[str, object]:
    """Validate the members that have rules of their own, and return them."""
    checked: dict[str, object] = {}
    if labels is not UNSET:
        checked["labels"] = label_rules.to_inputs(labels)
    if dynamic_labels is not UNSET:
        checked["dynamic_labels"] = label_rules.to_dynamic_inputs(dynamic_labels)
    if templates is not UNSET:
        checked["templates"] = _checked_templates(templates)
    if default_route is not UNSET:
        checked["default_route"] = to_input(
            default_route, DefaultRouteInput, argument="default_route"
        )
    return checked


def _checked_templates(templates: Templates) -> TemplatesInput:
    model = to_input(templates, TemplatesInput, argument="templates")
    problems = [
        problem
        for where, source in _strings(msgspec.to_builtins(model), "templates")
        if (problem := template_problem(source, where=where))
    ]
    if problems:
        raise TemplateError(problems, argument="templates")
    return model


def _strings(node: object, where: str) -> Iterator[tuple[str, str]]:
    """Yield every string in a tree of objects, with its dotted path."""
    if isinstance(node, str):
        yield where, node
    elif isinstance(node, dict):
        for name, member in cast("dict[str, object]", node).items():
            yield from _strings(member, f"{where}.{name}")
