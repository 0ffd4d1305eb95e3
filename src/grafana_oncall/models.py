"""The public door to the generated models.

What the API answers, and outgoing webhooks send: frozen values in which an absent member reads as
None or as empty. What the API takes (`…Input`, `…Create`, `…Update`): frozen values in which UNSET
is absent and None is null.
Vary any of them with `attrs.evolve`.
"""

from typing import TYPE_CHECKING

from ._lazy import lazily

if TYPE_CHECKING:
    from grafana_oncall._generated.alert_groups import (
        Alert,
        AlertGroup,
        AlertGroupDelete,
        AlertGroupSilence,
        AlertGroupState,
        DeleteMode,
        Permalinks,
    )
    from grafana_oncall._generated.integrations import (
        ChannelRoute,
        ChannelRouteInput,
        DefaultRoute,
        DefaultRouteInput,
        Heartbeat,
        Integration,
        IntegrationCreate,
        IntegrationUpdate,
        MessageTemplate,
        MessageTemplateInput,
        RichTemplate,
        RichTemplateInput,
        SlackRoute,
        SlackRouteInput,
        Templates,
        TemplatesInput,
        TitleTemplate,
        TitleTemplateInput,
    )
    from grafana_oncall._generated.labels import (
        AttachedLabelInput,
        AttachedNameInput,
        DynamicLabelInput,
        DynamicValueInput,
        Label,
        LabelInput,
        LabelKey,
        LabelKeyInput,
        LabelValue,
        LabelValueInput,
    )
    from grafana_oncall._generated.webhooks import (
        EventAlertGroup,
        EventHeader,
        EventIntegration,
        EventType,
        EventUser,
        EventWebhook,
        WebhookEvent,
    )
else:
    # Building a class of ten members takes more than a millisecond.
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "._generated.alert_groups": (
                "Alert",
                "AlertGroup",
                "AlertGroupDelete",
                "AlertGroupSilence",
                "AlertGroupState",
                "DeleteMode",
                "Permalinks",
            ),
            "._generated.integrations": (
                "ChannelRoute",
                "ChannelRouteInput",
                "DefaultRoute",
                "DefaultRouteInput",
                "Heartbeat",
                "Integration",
                "IntegrationCreate",
                "IntegrationUpdate",
                "MessageTemplate",
                "MessageTemplateInput",
                "RichTemplate",
                "RichTemplateInput",
                "SlackRoute",
                "SlackRouteInput",
                "Templates",
                "TemplatesInput",
                "TitleTemplate",
                "TitleTemplateInput",
            ),
            "._generated.labels": (
                "AttachedLabelInput",
                "AttachedNameInput",
                "DynamicLabelInput",
                "DynamicValueInput",
                "Label",
                "LabelInput",
                "LabelKey",
                "LabelKeyInput",
                "LabelValue",
                "LabelValueInput",
            ),
            "._generated.webhooks": (
                "EventAlertGroup",
                "EventHeader",
                "EventIntegration",
                "EventType",
                "EventUser",
                "EventWebhook",
                "WebhookEvent",
            ),
        },
    )

__all__ = [
    "Alert",
    "AlertGroup",
    "AlertGroupDelete",
    "AlertGroupSilence",
    "AlertGroupState",
    "AttachedLabelInput",
    "AttachedNameInput",
    "ChannelRoute",
    "ChannelRouteInput",
    "DefaultRoute",
    "DefaultRouteInput",
    "DeleteMode",
    "DynamicLabelInput",
    "DynamicValueInput",
    "EventAlertGroup",
    "EventHeader",
    "EventIntegration",
    "EventType",
    "EventUser",
    "EventWebhook",
    "Heartbeat",
    "Integration",
    "IntegrationCreate",
    "IntegrationUpdate",
    "Label",
    "LabelInput",
    "LabelKey",
    "LabelKeyInput",
    "LabelValue",
    "LabelValueInput",
    "MessageTemplate",
    "MessageTemplateInput",
    "Permalinks",
    "RichTemplate",
    "RichTemplateInput",
    "SlackRoute",
    "SlackRouteInput",
    "Templates",
    "TemplatesInput",
    "TitleTemplate",
    "TitleTemplateInput",
    "WebhookEvent",
]
