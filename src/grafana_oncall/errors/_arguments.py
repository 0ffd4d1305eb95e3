"""Errors of arguments, raised before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ._request import OnCallError


class InvalidArgument(OnCallError, ValueError):
    """An argument is missing or makes no sense; nothing was sent.

    What to do: correct `.argument`.
    """

    def __init__(self, message: str, *, argument: str) -> None:
        super().__init__(message)
        self.argument: str = argument
        """Name of the argument."""


@attrs.frozen(kw_only=True)
class Problem:
    """One broken rule, and where.

    Attributes:
        where: The label or member at fault, such as `team:SRE` or `templates.slack.title`.
        rule: What is wrong, in words.
        line: Line in a template, from 1; None where Jinja2 does not say.
    """

    where: str
    """The label or member at fault, such as `team:SRE` or `templates.slack.title`."""
    rule: str
    """What is wrong, in words."""
    line: int | None = None
    """Line in a template, from 1; None where Jinja2 does not say."""

    def __str__(self) -> str:
        place = f" (line {self.line})" if self.line is not None else ""
        return f"{self.where}{place}: {self.rule}"


class _Problems(InvalidArgument):
    """Several problems, reported together."""

    def __init__(self, problems: Sequence[Problem], *, argument: str) -> None:
        lines = "".join(f"\n  - {problem}" for problem in problems)
        many = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{argument}: {many}:{lines}", argument=argument)
        self.problems: tuple[Problem, ...] = tuple(problems)
        """Every problem, in the order of what was given."""


class LabelError(_Problems):
    """Labels that break the API's rules, or that a filter cannot match.

    What to do: correct all of `.problems`.
    """


class TemplateError(_Problems):
    """Templates that are not valid Jinja2.

    What to do: correct all of `.problems`; each has its line.
    """


class TimeRangeError(InvalidArgument):
    """A time that is naive, or a range of times that is reversed or incomplete.

    What to do: pass times with a zone, the earlier one first.
    """
