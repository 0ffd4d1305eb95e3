"""Syntax of Jinja2 templates: what is wrong with one, and in which line.

A template is parsed and nothing else: it is never compiled, rendered or executed. Names of filters,
tests and variables are the server's, and are not looked at.
"""

import warnings

from grafana_oncall.errors import Problem

__all__ = ["template_problem"]


def template_problem(source: str, *, where: str) -> Problem | None:
    """Return what is wrong with the syntax of a template; None when nothing is.

    >>> print(template_problem("{{ a b }}", where="templates.web.title"))
    templates.web.title (line 1): expected token 'end of print statement', got 'b'
    """
    from jinja2 import Environment, TemplateSyntaxError  # noqa: PLC0415  # few callers send one

    try:
        with warnings.catch_warnings():  # "\d" in a string makes Python warn, and is no error here
            warnings.simplefilter("ignore")
            Environment().parse(source)  # noqa: S701  # nothing is rendered, so nothing is escaped
    except TemplateSyntaxError as error:
        return Problem(where=where, rule=error.message or "invalid syntax", line=error.lineno)
    except RecursionError:
        return Problem(where=where, rule="nested too deeply to be checked")
    except (ValueError, SyntaxError):  # from Python, at 9…9 and 1.٣, which jinja2 does not check
        return Problem(where=where, rule="not a number that can be read")
    return None
