"""How the facade takes query parameters and members of bodies: hints, checks, descriptions."""

from collections.abc import Mapping
from typing import Final

import attrs

from codegen.read.bodies import Member
from codegen.read.parameters import Parameter


@attrs.frozen
class Argument:
    """How the facade takes a query parameter, or a member of a body."""

    hint: str
    """Type hint; empty for that of the member."""
    value: str
    """The expression for what is sent: `{0}` is the name of the argument, `{1}` its class."""
    description: str = ""
    """Its description, where it is not that of the parameter; of a member, if it has none."""
    name: str = ""
    """Name of the argument, where it is not that of the parameter."""
    positional: bool = False
    """Whether it may be given without its name."""


ARGUMENTS: Final[Mapping[str, Argument]] = {
    "id": Argument("str", 'arguments.identifier("{0}", {0})'),
    "text": Argument("str", 'arguments.text_filter("{0}", {0})'),
    "whole": Argument("int", 'arguments.optional_whole("{0}", {0})'),
    "flag": Argument("bool", 'arguments.flag("{0}", {0})'),
    "moment": Argument("datetime", 'times.moment("{0}", {0})'),
    "day": Argument("date", 'times.day("{0}", {0})'),
    "team": Argument(
        "str",
        'arguments.identifier("{0}", {0})',
        "Id of the team, or `NO_TEAM` for none; None does not filter.",
    ),
    "labels": Argument(
        "LabelsLike",
        "UNSET if {0} is None else label_rules.to_query({0})",
        'Labels that must all be there, such as `{"team": "SRE"}` or `["team:SRE"]`;'
        " case-sensitive. Any label that the server can match is allowed.",
        name="labels",
    ),
    "time_range": Argument(
        "tuple[datetime, datetime]",
        "times.time_range({0})",
        "First and last moment of the start, timezone-aware and inclusive; widened to whole"
        " seconds.",
    ),
    "state": Argument(
        "enums.State",
        "enums.state_filter({0})",
        "`firing` (also spelled `new`), `acknowledged`, `resolved` or `silenced`.",
    ),
    "roles": Argument(
        "Sequence[arguments.Role]",
        "arguments.role_filter({0})",
        "One or more of `admin`, `editor`, `viewer` and `none`; a user with any of them matches.",
    ),
}
"""Query parameters, by their `x-argument`, or by what their type implies."""

MEMBERS: Final[Mapping[str, Argument]] = {
    "filled": Argument("", 'arguments.filled("{0}", {0})'),
    "new_secret": Argument("", 'arguments.new_secret("{0}", {0})'),
    "template": Argument("", 'bodies.template("{0}", {0})'),
    "json_template": Argument("str | Mapping[str, str]", 'bodies.json_template("{0}", {0})'),
    "enum": Argument("", 'arguments.one_of("{0}", {0}, {1})'),
    "nested": Argument("", 'bodies.nested("{0}", {0}, {1})'),
    "templates": Argument("", 'bodies.templates("{0}", {0}, {1})'),
    "labels": Argument("LabelsLike", "label_rules.to_inputs({0})"),
    "dynamic_labels": Argument("LabelsLike", "label_rules.to_dynamic_inputs({0})"),
    "seconds": Argument("timedelta | int", 'arguments.whole_seconds("{0}", {0})'),
    "delay": Argument(
        "timedelta | int | arguments.Forever",
        "arguments.silence_delay({0})",
        "How long, as a timedelta (rounded up to seconds) or in whole seconds, from 1 second to"
        " 68 years; or `FOREVER`.",
        positional=True,
    ),
}
"""Members of bodies, by their `x-argument`, or by what their type implies."""

PERPAGE: Final = (
    "Items on a page. Undocumented: servers use their own number without it, and may ignore it."
)
PREFETCH: Final = (
    "Pages to request ahead, once the second page is requested; up to as many more may be buffered."
    " 0 to 64; 0 requests none ahead."
)
RECONCILE: Final = (
    "Whether to look for the `name`, which is then required, when a request got no response, and to"
    " retry if nothing has it. Costs a request for the list before, and one each time a request is"
    " in doubt. What another program creates by this name, and in this team if one is given, at the"
    " same moment is taken for the result."
)


def argument(parameter: Parameter) -> Argument:
    """Return how the facade takes a query parameter."""
    plain = Argument(parameter.hint, "arguments.optional({0})")
    found = ARGUMENTS.get(parameter.argument, plain)
    value = f'arguments.required("{{0}}", {found.value})' if parameter.required else found.value
    return attrs.evolve(
        found,
        value=value,
        name=found.name or parameter.name,
        description=found.description or parameter.description,
    )


def member_argument(member: Member) -> Argument:
    """Return how the facade takes a member of a body."""
    found = MEMBERS.get(member.argument, Argument("", "{0}"))
    return attrs.evolve(
        found,
        hint=found.hint or member.hint,
        description=member.description or found.description or member.fallback,
    )
