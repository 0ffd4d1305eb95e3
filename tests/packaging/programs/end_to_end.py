"""A whole small job against the fake, in one process and without extras."""

import asyncio

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Status
from grafana_oncall.models import AlertGroupState
from grafana_oncall.testing import FakeOnCall


async def main() -> None:
    """List groups, acknowledge one, and resolve the others of the team in bulk."""
    fake = FakeOnCall()
    groups = [fake.add_group(title=f"Disk {n}", labels={"team": "SRE"}) for n in range(120)]
    other = fake.add_group(labels={"team": "Platform"})
    async with OnCallClient(
        url="https://oncall.test", token=fake.token, transport=fake.transport()
    ) as client:
        listed = await client.alert_groups.list(labels={"team": "SRE"}).collect()
        assert {group.id for group in listed} == {group.id for group in groups}
        await client.alert_groups.acknowledge(listed[0].id)
        acknowledged = await client.alert_groups.get(listed[0].id)
        assert acknowledged.state is AlertGroupState.ACKNOWLEDGED
        firing = client.alert_groups.list(state="new", labels=["team:SRE"])
        report = await client.alert_groups.bulk.resolve(firing)
    assert report.counts[Status.CHANGED] == len(groups) - 1
    assert other.state == "firing"
    print(f"{report.counts[Status.CHANGED]} resolved")  # noqa: T201  # a program prints to its user


asyncio.run(main())
