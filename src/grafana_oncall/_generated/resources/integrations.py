# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of integrations: a method for each operation."""

from __future__ import annotations

from datetime import timedelta

from grafana_oncall import labels as label_rules
from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._listing import bodies
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments
from grafana_oncall.labels import LabelsLike

from ..models.integrations import (
    DefaultRouteInput,
    DefaultRouteLike,
    Integration,
    IntegrationCreate,
    IntegrationType,
    IntegrationUpdate,
    MaintenanceMode,
    MaintenanceStart,
    TemplatesInput,
    TemplatesLike,
)
from ..operations import integrations as operations


class Integrations(Resource):
    """The sources of alerts of the organization that the token belongs to.

    Writes need the Admin role.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/integrations/
    """

    def list(
        self,
        *,
        name: str | None = None,
        team_id: str | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[Integration]:
        """List integrations.

        The open-source engine fails with 500 if `team_id` is given.

        Args:
            name: Exact name of the integration; case-sensitive.
            team_id: Id of the team, or `NO_TEAM` for none; None does not filter.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_integrations(
            name=arguments.text_filter("name", name),
            team_id=arguments.identifier("team_id", team_id),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)

    async def by_name(self, name: str) -> Integration:
        """Get the integration with this name, by one request.

        Args:
            name: Exact name of the integration; case-sensitive.

        Raises:
            NotFound: There is none. The error names similar ones, which takes another request.
            MultipleFound: There are several; it has their ids.
        """
        name = arguments.required("name", arguments.text_filter("name", name))
        request = operations.list_integrations(name=name)
        return await self._one(request, operations.list_integrations(), "name", name)

    async def create(
        self,
        *,
        type: IntegrationType,
        name: str | UnsetType = UNSET,
        description_short: str | None | UnsetType = UNSET,
        team_id: str | None | UnsetType = UNSET,
        labels: LabelsLike | UnsetType = UNSET,
        dynamic_labels: LabelsLike | UnsetType = UNSET,
        templates: TemplatesLike | UnsetType = UNSET,
        default_route: DefaultRouteLike | UnsetType = UNSET,
        reconcile: bool = False,
    ) -> Integration:
        """Create an integration.

        Not idempotent: a repeat creates another one.

        The result shows what the server kept: the open-source engine ignores labels.

        Args:
            type: Such as `webhook`, `alertmanager` or `grafana`.
            name: Unique within the team, up to 150 characters; without it, the server
                generates one.
            description_short: One-line description.
            team_id: Id of the team; None for no team.
            labels: Static labels, such as `{"team": "SRE"}`.
            dynamic_labels: Labels whose values are Jinja2 templates, evaluated for each
                alert.
            templates: How alerts look; the Jinja2 syntax of each is checked.
            default_route: Where alerts go that match no other route.
            reconcile: Whether to look for the `name`, which is then required, when a request
                got no response, and to retry if nothing has it. Costs a request for the list
                before, and one each time a request is in doubt. What another program creates by
                this name, and in this team if one is given, at the same moment is taken for the
                result.

        Raises:
            LabelError: Labels break the documented rules; reports all of them.
            TemplateError: Templates are not valid Jinja2; reports all of them.
            OutcomeUnknown: There was no response, so the integration may exist now.
            BadRequest: The type is unknown, deprecated or created only by the server
                (`direct_paging`), the name is taken in the team, or the team is unknown.
        """
        body = bodies.body(
            IntegrationCreate,
            type=arguments.filled("type", type),
            name=name,
            description_short=description_short,
            team_id=team_id,
            labels=(labels if labels is UNSET else label_rules.to_inputs(labels)),
            dynamic_labels=(
                dynamic_labels
                if dynamic_labels is UNSET
                else label_rules.to_dynamic_inputs(dynamic_labels)
            ),
            templates=(
                templates
                if templates is UNSET
                else bodies.templates("templates", templates, TemplatesInput)
            ),
            default_route=(
                default_route
                if default_route is UNSET
                else bodies.nested("default_route", default_route, DefaultRouteInput)
            ),
        )
        request = operations.create_integration(body)
        if reconcile:
            return await self._create_once(request, operations.list_integrations, name)
        return await self._session.send(request)

    async def get(self, integration_id: str | Integration) -> Integration:
        """Get one integration.

        Args:
            integration_id: Id of the integration, or the object.

        Raises:
            NotFound: There is no such integration.
        """
        return await self._session.send(operations.get_integration(integration_id))

    async def update(
        self,
        integration_id: str | Integration,
        *,
        name: str | UnsetType = UNSET,
        description_short: str | None | UnsetType = UNSET,
        team_id: str | None | UnsetType = UNSET,
        labels: LabelsLike | UnsetType = UNSET,
        dynamic_labels: LabelsLike | UnsetType = UNSET,
        templates: TemplatesLike | UnsetType = UNSET,
        default_route: DefaultRouteLike | UnsetType = UNSET,
    ) -> Integration:
        """Change the members that are given, and keep the others.

        In `templates`, None resets a template or a whole block to its default, and members that
        are absent keep their values. The type of an integration cannot be changed.

        Args:
            integration_id: Id of the integration, or the object.
            name: New name, unique within the team, up to 150 characters.
            description_short: One-line description; None removes it.
            team_id: Id of the new team; None for no team.
            labels: Static labels, which replace the current ones; an empty mapping removes
                them all.
            dynamic_labels: Dynamic labels, which replace the current ones; an empty mapping
                removes them all.
            templates: Templates to set or to reset.
            default_route: Parts of the default route to set.

        Raises:
            LabelError: Labels break the documented rules; reports all of them.
            TemplateError: Templates are not valid Jinja2; reports all of them.
            NotFound: There is no such integration.
            BadRequest: The name is taken in the team, or the team is unknown.
        """
        body = bodies.body(
            IntegrationUpdate,
            name=name,
            description_short=description_short,
            team_id=team_id,
            labels=(labels if labels is UNSET else label_rules.to_inputs(labels)),
            dynamic_labels=(
                dynamic_labels
                if dynamic_labels is UNSET
                else label_rules.to_dynamic_inputs(dynamic_labels)
            ),
            templates=(
                templates
                if templates is UNSET
                else bodies.templates("templates", templates, TemplatesInput)
            ),
            default_route=(
                default_route
                if default_route is UNSET
                else bodies.nested("default_route", default_route, DefaultRouteInput)
            ),
        )
        request = operations.update_integration(integration_id, body)
        return await self._change(request, operations.get_integration(integration_id))

    async def delete(self, integration_id: str | Integration) -> None:
        """Delete an integration.

        It stops receiving alerts; its alert groups are kept.

        Args:
            integration_id: Id of the integration, or the object.

        Raises:
            NotFound: There is no such integration.
            BadRequest: It is of type `direct_paging`, which the open-source engine does not
                delete.
        """
        return await self._session.send(operations.delete_integration(integration_id))

    async def start_maintenance(
        self, integration_id: str | Integration, *, mode: MaintenanceMode, duration: timedelta | int
    ) -> Integration:
        """Start the maintenance of an integration, which ends by itself.

        While it lasts, new alert groups are not escalated; older ones still are. With
        `maintenance`, new ones are also attached to one maintenance group: resolving that one
        ends the maintenance, and the end of the maintenance resolves them all.

        Args:
            integration_id: Id of the integration, or the object.
            mode: `debug` does not escalate new alert groups; `maintenance` also attaches them
                to one maintenance group.
            duration: How long it lasts, as a timedelta (rounded up to seconds) or in whole
                seconds, from 1 second to 68 years.

        Raises:
            AlreadyInState: It is in maintenance already.
            NotFound: There is no such integration.
            BadRequest: The server does not know the mode.
        """
        body = bodies.body(
            MaintenanceStart,
            mode=arguments.filled("mode", mode),
            duration=arguments.whole_seconds("duration", duration),
        )
        request = operations.start_integration_maintenance(integration_id, body)
        return await self._change(request, operations.get_integration(integration_id))

    async def stop_maintenance(self, integration_id: str | Integration) -> Integration:
        """End the maintenance of an integration, if it is in maintenance.

        Args:
            integration_id: Id of the integration, or the object.

        Raises:
            NotFound: There is no such integration.
        """
        return await self._session.send(operations.stop_integration_maintenance(integration_id))
