"""Validation of the syntax of Jinja2 templates.

A template is only parsed, never compiled, rendered or executed. Names of filters, tests and
variables are the server's, and not checked.
"""

import warnings

from grafana_oncall.errors import Problem

__all__ = ["template_problem"]


def template_problem(source: str, *, where: str) -> Problem | None:
    """Return the first syntax error of a template, or None.

    >>> print(template_problem("{{ a b }}", where="templates.web.title"))
    templates.web.title (line 1): expected token 'end of print statement', got 'b'
    """
    from jinja2 import Environment, TemplateSyntaxError  # noqa: PLC0415  # few programs send templates

    try:
        with warnings.catch_warnings():  # Python warns of "\d" in a string, which is allowed here
            warnings.simplefilter("ignore")
            Environment().parse(source)  # noqa: S701  # nothing is rendered, so nothing is escaped
    except TemplateSyntaxError as error:
        return Problem(where=where, rule=error.message or "invalid syntax", line=error.lineno)
    except RecursionError:
        return Problem(where=where, rule="too deeply nested to check")
    except (ValueError, SyntaxError):  # Python's, for 9…9 and 1.٣, which jinja2 passes on
        return Problem(where=where, rule="a number that cannot be parsed")
    return None
