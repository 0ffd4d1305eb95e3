"""What type checkers see of the public API. Checked by `make types`, and never run.

An expected error is an ignore that both checkers report when it is no longer needed.
"""

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    Sequence,
)
from datetime import UTC, datetime, timedelta
from typing import assert_type

import httpx
import httpx2

from grafana_oncall import (
    FOREVER,
    NO_TEAM,
    UNSET,
    Checkpoint,
    OnCallClient,
    Page,
    Pager,
    Request,
    Result,
    Watcher,
    bot,
    bulk,
    changes,
    labels,
    operations,
    webhooks,
)
from grafana_oncall.errors import IdsDropped, LabelError, Problem, StatusError
from grafana_oncall.models import (
    Alert,
    AlertGroup,
    AlertGroupState,
    DefaultRouteInput,
    EscalationPolicy,
    Integration,
    Label,
    NotifyPersonsPolicy,
    RichTemplateInput,
    Team,
    TemplatesInput,
    User,
    WaitPolicy,
)


async def lists(client: OnCallClient) -> None:
    """Pagers are typed by their items, in every form."""
    now = datetime.now(UTC)
    pager = client.alert_groups.list(
        state="new", labels={"team": "SRE"}, started_at=(now, now), team_id=NO_TEAM
    )
    assert_type(pager, Pager[AlertGroup])
    async for group in pager:
        assert_type(group, AlertGroup)
    assert_type(pager.pages(), AsyncGenerator[Page[AlertGroup], None])
    assert_type(await pager.collect(limit=1), list[AlertGroup])
    assert_type(await pager.count(), int)
    assert_type(client.integrations.list(name="ci"), Pager[Integration])
    client.alert_groups.list(state=AlertGroupState.FIRING, labels=["team:SRE", ("env", "prod")])
    client.alert_groups.list(state="open")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.alert_groups.list("new")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def groups(client: OnCallClient, group: AlertGroup) -> None:
    """Members show where null occurs; actions return nothing."""
    assert_type(group.created_at, datetime)
    assert_type(group.state, AlertGroupState)
    assert_type(group.title, str | None)
    assert_type(group.resolved_at, datetime | None)
    assert_type(group.labels, tuple[Label, ...])
    assert_type(group.last_alert, Alert | None)
    assert_type(await client.alert_groups.get(group.id), AlertGroup)
    await client.alert_groups.silence(group.id, timedelta(hours=3))
    await client.alert_groups.silence(group.id, FOREVER)
    await client.alert_groups.silence(group.id, delay=60)
    await client.alert_groups.silence(group.id, 0.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.alert_groups.delete(group.id, mode="delete")
    await client.alert_groups.delete(group.id, mode="purge")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(await client.alert_groups.add_label(group.id, "severity", "critical"), Label)
    group.title = "changed"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


async def integrations(client: OnCallClient) -> None:
    """Nested bodies are models or mappings; null and absent differ."""
    made = await client.integrations.create(type="webhook", name="ci", labels={"team": "SRE"})
    assert_type(made, Integration)
    slack = RichTemplateInput(title=None, message=UNSET)
    await client.integrations.update(made.id, templates=TemplatesInput(slack=slack))
    await client.integrations.update(made.id, templates={"slack": None}, team_id=None)
    full = await client.integrations.create(
        type="webhook",
        name="ci",
        description_short=None,
        team_id=None,
        labels=made.labels,
        dynamic_labels=["severity:{{ payload.severity }}"],
        templates={"slack": {"title": None}},
        default_route=DefaultRouteInput(escalation_chain_id=None),
        reconcile=True,
    )
    assert_type(full, Integration)
    assert_type(await client.integrations.update(made.id, name=UNSET), Integration)
    await client.integrations.create()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await client.integrations.create("webhook")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await client.integrations.update(made.id, labels=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.integrations.update(made.id, type="webhook")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await client.integrations.update(made.id, name=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def look_ups(client: OnCallClient) -> None:
    """One object by a name; it takes the value by position."""
    assert_type(await client.users.by_email("ana@example.com"), User)
    assert_type(await client.teams.by_name("SRE"), Team)
    assert_type(await client.integrations.by_name(name="ci"), Integration)
    await client.users.by_email(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.teams.by_id("T1")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


async def steps(client: OnCallClient) -> None:
    """A body that depends on its type has a class for each; ids that are dropped are an error."""
    made = await client.escalation_policies.create(
        WaitPolicy(escalation_chain_id="F1", duration=timedelta(minutes=5))
    )
    assert_type(made, EscalationPolicy)
    await client.escalation_policies.create({"type": "resolve", "escalation_chain_id": "F1"})
    await client.escalation_policies.update(made, persons_to_notify=["U1"])
    await client.escalation_policies.create(Team(id="T1", name="a"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.escalation_policies.update(made, persons_to_notify=[1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    NotifyPersonsPolicy(escalation_chain_id="F1", persons_to_notify=["U1"], duration=60)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def many(client: OnCallClient, group: AlertGroup, stream: AsyncIterator[str]) -> None:
    """A selection is a query, or ids or groups; a run is awaited for its report."""
    every = client.alert_groups.bulk
    run = every.resolve(client.alert_groups.list(state="new"), max_at_once=4, dry_run=True)
    assert_type(run, bulk.BulkRun)
    report = await run
    assert_type(report, bulk.BulkReport)
    assert_type(run.report, bulk.BulkReport)
    assert_type(report.outcomes, Sequence[bulk.Outcome])
    assert_type(report.counts, Mapping[bulk.Status, int])
    assert_type(report.failures, Sequence[bulk.Outcome])
    await every.silence([group.id, group], timedelta(hours=1))
    await every.add_labels(stream, {"team": "SRE"}, on_progress=print, journal="run.jsonl")
    await every.delete((one for one in [group.id]), mode="delete", wait=timedelta(minutes=1))
    await every.resume("run.jsonl", fsync=True)
    every.resolve([1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    every.resolve([group], max_items="all")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    every.resolve(client.integrations.list())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def bots(client: OnCallClient, body: bytes) -> None:
    """Changes are distinguished by matching; handlers are typed by what they are registered for."""
    watcher = client.alert_groups.watch(labels={"team": "SRE"}, every=15, checkpoint="bot.json")
    assert_type(watcher, Watcher)
    async for change in watcher:
        assert_type(change, changes.Change | changes.OnCallChanged | changes.Gap)
        match change:
            case changes.Created(after=group):
                assert_type(group, AlertGroup)
            case changes.Deleted(before=before):
                assert_type(before, changes.Snapshot | None)
            case changes.Gap(since=since):
                assert_type(since, datetime)
            case _:
                pass
    assert_type(watcher.checkpoint, Checkpoint)
    runner = bot.Bot(watcher)

    @runner.on(changes.Created)
    async def handle(change: changes.Created) -> None:
        assert_type(change.after, AlertGroup)

    assert_type(handle, Callable[[changes.Created], Awaitable[object]])
    assert_type(runner.health, bot.BotHealth)
    assert_type(await client.alert_groups.wait_until("I1", "resolved", timeout=60), AlertGroup)
    several = client.alert_groups.wait_until(["I1", "I2"], "resolved", timeout=60)
    assert_type(await several, Sequence[AlertGroup])
    router = webhooks.Router(secret="open sesame")

    @router.on("escalation")
    async def page(event: webhooks.Event) -> None:
        assert_type(event.changes, Sequence[changes.Change])

    await page(webhooks.parse(body))


async def handlers(runner: bot.Bot) -> None:
    """A handler takes each of the kinds that it is registered for."""

    @runner.on(changes.Created, changes.Gap)
    async def either(_: changes.Created | changes.Gap) -> None: ...

    @runner.on(changes.Created, changes.Unresolved, changes.Deleted)
    async def any_of(_: changes.Created | changes.Unresolved | changes.Deleted) -> None: ...

    @runner.on(changes.Change)
    async def wider(_: changes.Change | changes.Gap) -> None: ...

    @runner.on(changes.Created, changes.Gap)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async def narrower(_: changes.Created) -> None: ...


async def raw(client: OnCallClient) -> None:
    """A request knows what its response decodes to."""
    request = operations.get_alert_group("I68T24C13IFW1")
    assert_type(request, Request[AlertGroup])
    result = await client.send(request)
    assert_type(result, Result[AlertGroup])
    assert_type(result.value, AlertGroup)
    assert_type(result.response.content, bytes)
    page = (await client.send(operations.list_integrations(page=2))).value
    assert_type(page, Page[Integration])
    assert_type(page.results, Sequence[Integration])
    assert_type(page.raw, bytes)
    await client.send(operations.resolve_alert_group("I68T24C13IFW1"))


async def context(client: OnCallClient) -> None:
    """The client is its own context manager."""
    async with client as same:
        assert_type(same, OnCallClient)
    assert_type(OnCallClient.from_env(timeout=timedelta(seconds=5)), OnCallClient)


def senders() -> None:
    """Async clients and transports of httpx and httpx2 are accepted, and no others."""
    for client in (httpx.AsyncClient(), httpx2.AsyncClient()):
        OnCallClient(url="u", token="t", http_client=client)
    for transport in (httpx.AsyncHTTPTransport(), httpx2.AsyncHTTPTransport()):
        OnCallClient(url="u", token="t", transport=transport)
    OnCallClient(url="u", token="t", transport="httpx2", proxy=httpx2.Proxy("http://proxy.test"))
    OnCallClient(url="u", token="t", transport="requests")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    OnCallClient(url="u", token="t", http_client=httpx.Client())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    OnCallClient(url="u", token="t", transport=httpx.HTTPTransport())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def helpers(group: AlertGroup, error: StatusError, dropped: IdsDropped) -> None:
    """Labels are pairs of strings; errors have plain values."""
    assert_type(dropped.lost, Mapping[str, tuple[str, ...]])
    assert_type(labels.validate({"team": "SRE"}), tuple[tuple[str, str], ...])
    assert_type(labels.to_query("team:SRE"), tuple[str, ...])
    assert_type(labels.matches(group.labels, {"team": "SRE"}), bool)
    assert_type(error.fields, Mapping[str, tuple[str, ...]])
    assert_type(error.hint, str | None)
    assert_type(LabelError([], argument="labels").problems, tuple[Problem, ...])
