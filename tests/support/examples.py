"""The programs in `examples`: run in processes of their own."""

from pathlib import Path
from typing import Final

import attrs

from tests.support.programs import python, settings

FOLDER: Final = Path(__file__).parents[2] / "examples"
PROGRAMS: Final = sorted(path.name for path in FOLDER.glob("*.py"))


@attrs.frozen
class Done:
    """What a program left behind."""

    code: int
    printed: str
    words: str
    """What it wrote to stderr."""


async def run(name: str, *arguments: str, url: str, token: str, folder: Path, **more: str) -> Done:
    """Run an example in a folder, with the settings of a server, to its end."""
    env = settings(url, token, **more)
    async with python(str(FOLDER / name), *arguments, env=env, cwd=folder) as process:
        printed, words = await process.communicate()
    assert process.returncode is not None
    return Done(process.returncode, printed.decode(), words.decode())
