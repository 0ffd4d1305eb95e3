"""Integrations: list, read, create, update, delete."""

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
        """Creates an integration. Not idempotent: a repeat makes another one.

        The answer tells what the server kept: the open-source engine ignores labels.

        Args:
            type: Such as `webhook`, `alertmanager` or `grafana`.
            name: Unique within the team; the server invents one when there is none.
            description_short: One line about it.
            team_id: Id of the team.
            labels: Static labels, such as `{"team": "SRE"}`.
            dynamic_labels: Labels whose values are Jinja2 templates, evaluated for each alert.
            templates: How alerts look; every one is checked for Jinja2 syntax.
            default_route: Where alerts go that no other route takes.
            reconcile: Whether to find out by the name, which must be given then, what became of
                a request that was not answered, and to try again if there is none. Costs a
                request for the list before, and one whenever in doubt. Another program that
                creates the same name at the same moment is not told apart.

        Raises:
            LabelError: Labels that break the documented rules, all of them at once.
            TemplateError: Templates that are not Jinja2, all of them at once.
            OutcomeUnknown: No answer came, and it is not known whether there is one now.
            BadRequest: Unknown or deprecated type, a name that exists, an unknown team.
        """
        if type == "":
            message = "type='': a type is needed, such as 'webhook'."
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
        """Read back an integration of this name that is not there now."""
        if name is UNSET:
            message = "reconcile=True needs a name= to look for."
            raise InvalidArgument(message, argument="reconcile")
        # Not by `list`, which refuses the answer of a server that does not know the filter.
        named = operations.list_integrations(name=text_filter("name", name))
        listed = Pager(self._session, named, prefetch=DEFAULT_PREFETCH)
        before = {one.id for one in await listed.collect()}

        async def created(send: Send) -> Result[Integration] | None:
            request: Request[Page[Integration]] | None = operations.list_integrations(name=name)
            while request is not None:
                answer = await send(request)
                for one in answer.value.results:
                    # A server that does not know the filter answers all integrations.
                    if one.name == name and one.id not in before:
                        return Result(value=one, response=answer.response)
                request = next_page(request, answer.value)
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
        """Changes what is given, and keeps the rest.

        In `templates`, None resets one template or a whole block to its default, and what is
        absent keeps its value. The type of an integration cannot be changed.

        Args:
            integration_id: Id of the integration.
            name: New name, unique within the team.
            description_short: One line about it; None empties it.
            team_id: Id of the new team; None for no team.
            labels: Static labels, which replace the present ones.
            dynamic_labels: Dynamic labels, which replace the present ones.
            templates: Templates to set or to reset.
            default_route: Parts of the default route to set.

        Raises:
            LabelError: Labels that break the documented rules, all of them at once.
            TemplateError: Templates that are not Jinja2, all of them at once.
            NotFound: There is no such integration.
            BadRequest: A name that exists, an unknown team.
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
            answer = await send(operations.get_integration(integration_id))
            return answer if contains(answer.response.content, encode(request)) else None

        return await self._session.send(request, read_back=updated)


def _members(**members: object) -> dict[str, object]:
    """The members that were given."""
    return {name: value for name, value in members.items() if value is not UNSET}


def _nested(
    labels: LabelsLike | UnsetType,
    dynamic_labels: LabelsLike | UnsetType,
    templates: Templates | UnsetType,
    default_route: DefaultRoute | UnsetType,
) -> dict[str, object]:
    """The members that have rules of their own, checked."""
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
    """Every string in a tree of objects, with its dotted place."""
    if isinstance(node, str):
        yield where, node
    elif isinstance(node, dict):
        for name, member in cast("dict[str, object]", node).items():
            yield from _strings(member, f"{where}.{name}")
