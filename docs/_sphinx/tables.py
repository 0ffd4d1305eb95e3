"""Tables that are made of the code and its docstrings, in Markdown."""

import ast
import inspect
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

import grafana_oncall
from docs._sphinx.borrowed import client_options, descriptions
from docs._sphinx.docstrings import with_links
from docs._sphinx.names import link, resource_classes
from grafana_oncall import OnCallClient, errors, testing
from grafana_oncall._generated.resources._all import Resources
from grafana_oncall.bulk import ResumeOptions, Status
from grafana_oncall.bulk.options import Settings
from grafana_oncall.bulk.outcomes import TO_DO
from grafana_oncall.testing import Fault

_PYPROJECT: Final = Path(__file__).parents[2] / "pyproject.toml"
_PACKAGE: Final = Path(grafana_oncall.__file__).parent
_PAGE: Final = "../operations.md"
_TO_DO: Final = "What to do: "
_EXTRAS: Final = {
    "httpx2": '`transport="httpx2"`: the maintained successor of httpx',
    "aiohttp": '`transport="aiohttp"`: the least processor time for a call',
    "testing": "`testing.serve`, the fake server on a socket, and shifts that recur in a fake",
    "rich": "`bulk.progress_bar`, and reports as tables",
    "cli": "The command `grafana-oncall`",
    "redis": "`rate_limit_storage=`: a rate limit that processes share; and `RedisStore`",
    "postgres": "`PostgresStore`: journals, checkpoints and webhook events of several machines",
    "otel": "`grafana_oncall.otel`: spans and metrics",
}


def error_table() -> str:
    """Return each error below its base, when it is raised, and what to do."""
    return _table(("Error", "When", "What to do"), _errors(errors.OnCallError, 0))


def _errors(kind: type[errors.OnCallError], depth: int) -> Iterator[tuple[str, ...]]:
    for child in kind.__subclasses__():
        is_public = child.__name__ in errors.__all__
        if is_public:
            when, _, todo = (inspect.getdoc(child) or "").partition(_TO_DO)
            indent = "&nbsp;" * 4 * depth
            yield f"{indent}`{child.__name__}`", when.split("\n\n")[0], _sentence(todo)
        yield from _errors(child, depth + is_public)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def client_table() -> str:
    """Return each argument of a client with its default."""
    defaults = inspect.signature(OnCallClient).parameters
    rows = (
        (f"`{name}`", _default(defaults[name].default), text)
        for name, text in client_options().items()
    )
    return _table(("Argument", "Default", "Meaning"), rows)


def bulk_table() -> str:
    """Return each option of a bulk run with its default, and whether a resumed run takes it."""
    texts = descriptions(Settings.__module__)
    rows = (
        (
            f"`{field.name}`",
            _default(field.default),
            " ".join(texts["ResumeOptions" if is_resumed else "BulkOptions", field.name]),
            "yes" if is_resumed else "",
        )
        for field in attrs.fields(Settings)
        for is_resumed in [field.name in ResumeOptions.__optional_keys__]
    )
    return _table(("Option", "Default", "Meaning", "`resume`"), rows)


def outcome_table() -> str:
    """Return each status of a group in a bulk run, and what a resumed run does with the group."""
    texts = descriptions(Status.__module__)
    rows = (
        (
            f"`{status}`",
            " ".join(texts["Status", status.name]),
            "acts on it" if status in TO_DO else "leaves it",
        )
        for status in Status
    )
    return _table(("Outcome", "Means", "`resume`"), rows)


def resource_table() -> str:
    """Return each resource of the client with its methods."""
    rows = (
        (f"[`{name}`]({_PAGE}#{name.replace('_', '-')})", ", ".join(_public(kind)))
        for name, kind in resource_classes().items()
        if hasattr(Resources, name)
    )
    return _table(("Resource", "Methods"), rows)


def _public(kind: type) -> Iterator[str]:
    """Yield the methods of a class, and its properties, those of its bases first."""
    names = dict.fromkeys(name for base in reversed(kind.__mro__) for name in vars(base))
    yield from (f"`{name}`" for name in names if not name.startswith("_"))


def fault_table() -> str:
    """Return each fault of the fake server."""
    exports: list[Any] = [getattr(testing, name) for name in testing.__all__]
    made = filter(_makes_fault, exports)
    rows = ((f"`{one.__name__}{_arguments(one)}`", _summary(one)) for one in made)
    return _table(("Fault", "Effect"), rows)


def _makes_fault(value: Any) -> bool:
    return inspect.isfunction(value) and value.__annotations__.get("return") in {Fault, "Fault"}


def _arguments(function: Callable[..., Any]) -> str:
    parameters = inspect.signature(function).parameters.values()
    names = (f"{one.name}=" if one.kind is one.KEYWORD_ONLY else one.name for one in parameters)
    return f"({', '.join(names)})"


def extra_table() -> str:
    """Return each extra, and what needs it."""
    project = tomllib.loads(_PYPROJECT.read_text("utf-8"))["project"]
    rows = (
        (f"`{name}`", _EXTRAS[name], ", ".join(f"`{one}`" for one in installed))
        for name, installed in project["optional-dependencies"].items()
    )
    return _table(("Extra", "For", "Installs"), rows)


def theory_table() -> str:
    """Return the modules that say how they work and why, with what each is."""
    rows = (
        (f"`{path.relative_to(_PACKAGE).as_posix()}`", text.split("\n\n")[0])
        for path in sorted(_PACKAGE.rglob("*.py"))
        if "How it works, and why" in (text := _docstring(path))
    )
    return _table(("Module", "What it is"), rows)


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "table-of-errors": error_table,
    "table-of-client-options": client_table,
    "table-of-bulk-options": bulk_table,
    "table-of-faults": fault_table,
    "table-of-outcomes": outcome_table,
    "table-of-resources": resource_table,
    "table-of-extras": extra_table,
    "theory": theory_table,
}
"""By the name of the directive that shows it."""


def _default(value: Any) -> str:
    match value:
        case inspect.Parameter.empty:
            return "required"
        case _ if callable(value):
            return ""
        case _:
            return f"`{value!r}`"


def _summary(value: Any) -> str:
    return (inspect.getdoc(value) or "").split("\n\n")[0]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    linked = with_links(" ".join(text.split()), link, "{{py:obj}}`{code} <{name}>`", "`{code}`")
    return linked.replace("|", r"\|")
