"""The password of a Redis, and what a report with variables shows of a limiter's frames."""

import traceback

SECRET = "meow-meow"


def shown(error: BaseException) -> str:
    """All that a report with variables shows, without the frames of the test itself."""
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    links: list[traceback.TracebackException | None] = [report]
    text: list[str] = []
    while links:
        if link := links.pop():
            text += link.format_exception_only()
            text += [str(step.locals) for step in link.stack if _is_limiters(step.filename)]
            links += (link.__cause__, link.__context__)
    return "".join(text)


def _is_limiters(filename: str) -> bool:
    return filename.endswith("/rate_limit.py") or "redis" in filename
