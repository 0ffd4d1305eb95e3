"""Consumers that are killed at any moment, amid changes that are reverted: real processes."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from random import Random

import attrs
import pytest

from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, serve
from tests.support.budget import budget
from tests.support.mirrors import STATES, View, on_server
from tests.support.programs import PATIENCE, python, settings
from tests.support.watchers import enter

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals are those of Linux")

PROGRAM = Path(__file__).parents[1] / "support" / "mirror_program.py"
GRACEFUL = {"bot": [signal.SIGTERM], "loop": list[signal.Signals]()}
TEAM = ("team", "SRE")


@attrs.define
class Site:
    """A server, its other users, and consumers that run one after the other."""

    fake: FakeOnCall
    url: str
    folder: Path
    random: Random

    def mirror(self) -> dict[str, View]:
        """What the consumers know; the last line of a killed one may be incomplete."""
        model: dict[str, View] = {}
        path = self.folder / "mirror"
        for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else []:
            group, _, view = json.loads(line)
            model.pop(group, None)
            if view is not None and list(TEAM) in view["labels"]:
                model[group] = View.from_json(view)
        return model

    def is_mirrored(self) -> bool:
        """Whether they know what the server has."""
        return self.mirror() == on_server(self.fake, TEAM)

    def act(self) -> None:
        """Another user does something, mostly to existing groups, and at times reverts it."""
        groups = [*self.fake.groups.values()]
        if len(groups) < 3 or self.random.random() < 0.2:
            self.fake.add_group(labels=dict([TEAM]))
            return
        group = self.random.choice(groups[-4:])
        match self.random.randrange(6):
            case 0:
                del self.fake.groups[group.id]
            case 1:
                self.relabel(group)
            case _:
                enter(group, self.random.choice(STATES), self.fake)

    def relabel(self, group: FakeAlertGroup) -> None:
        """Add or remove a label."""
        if ("env", "prod") in group.labels:
            group.labels.remove(("env", "prod"))
        else:
            group.labels.append(("env", "prod"))

    async def live(self, kind: str, acts: int, sent: signal.Signals) -> None:
        """Run a consumer while this much happens, and a little longer; then end it."""
        command = (str(PROGRAM), str(self.folder / "c"), str(self.folder / "mirror"), kind)
        env = settings(self.url, self.fake.token, PYTHONPATH=str(Path(__file__).parents[2]))
        async with python(*command, env=env) as process:
            await self.begun()
            for _ in range(acts):
                self.act()
                await asyncio.sleep(self.random.random() * 0.05)
            if not acts:
                await self.until_mirrored()
            process.send_signal(sent)
            _, words = await process.communicate()
            assert b"Traceback" not in words, words.decode()

    async def begun(self) -> None:
        """Whether it has read the groups."""
        before = len(self.fake.calls)
        async with asyncio.timeout(PATIENCE):
            while len(self.fake.calls) < before + 3:  # noqa: ASYNC110  # another process does it
                await asyncio.sleep(0.002)

    async def until_mirrored(self) -> None:
        """Wait until the reported changes lead to the state of the server."""
        try:
            async with asyncio.timeout(PATIENCE / 2):
                while not self.is_mirrored():  # noqa: ASYNC110  # another process does it
                    await asyncio.sleep(0.01)
        except TimeoutError:
            assert self.mirror() == on_server(self.fake, TEAM)  # to show both


@pytest.mark.parametrize("seed", range(budget(1, hunt=200)))
@pytest.mark.parametrize("kind", ["bot", "loop"])
async def test_a_consumer_that_is_killed_repeatedly_knows_what_exists(
    tmp_path: Path, kind: str, seed: int
) -> None:
    """Whatever was reported or in flight, and was reverted before the next one began."""
    random = Random(seed)  # noqa: S311  # no secret
    fake = FakeOnCall()
    async with serve(fake) as url:
        site = Site(fake, url, tmp_path, random)
        for _ in range(4):
            ends = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM if kind == "bot" else None]
            sent = random.choice([one for one in ends if one is not None])
            await site.live(kind, random.randrange(1, 8), sent)
            for _ in range(random.randrange(4)):
                site.act()
        await site.live(kind, 0, signal.SIGKILL)
