"""A web service that acknowledges the alert storm of a team in the background, with FastAPI.

    uvicorn --app-dir examples fastapi_service:app
    curl -X POST http://127.0.0.1:8000/teams/SRE/storm
    curl http://127.0.0.1:8000/teams/SRE/storm

One client serves all requests. Bulk runs yield to its other calls, so that GETs remain fast.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeAlias, cast

import attrs
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

from grafana_oncall import OnCallClient, OnCallError
from grafana_oncall.errors import NotFound


class Storm:
    """The acknowledgement of all that fires for a team."""

    def __init__(self, client: OnCallClient, team_id: str) -> None:
        groups = client.alert_groups.list(state="firing", team_id=team_id)
        self._run = client.alert_groups.bulk.acknowledge(groups)
        self.task = asyncio.create_task(self._run.wait())

    def to_dict(self) -> dict[str, Any]:
        """Return how far it is, as JSON."""
        failure = self.task.exception() if self.task.done() else None
        return {
            "done": self.task.done(),
            "error": None if failure is None else str(failure),
            "progress": self._run.progress.to_dict(),
            "report": self._run.report.to_dict(),
        }


@attrs.frozen
class Service:
    """What lives as long as the application."""

    client: OnCallClient
    storms: dict[str, Storm]  # the latest one of each team, by its name


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open the client before the first request, and close it after the last one."""
    async with OnCallClient.from_env() as client:
        app.state.service = service = Service(client, {})
        yield
        for storm in service.storms.values():
            storm.task.cancel()
            await asyncio.wait([storm.task])


def service_of(request: Request) -> Service:
    """Return the service of the application."""
    return cast("Service", request.app.state.service)


ServiceOf: TypeAlias = Annotated[Service, Depends(service_of)]
app = FastAPI(lifespan=lifespan)


@app.exception_handler(OnCallError)
async def explain(_: Request, error: Exception) -> JSONResponse:
    """Reply 404 if there is no such object; else it was OnCall that failed."""
    return JSONResponse({"detail": str(error)}, 404 if isinstance(error, NotFound) else 502)


@app.get("/teams/{name}/groups")
async def groups(name: str, service: ServiceOf) -> list[dict[str, Any]]:
    """List what fires for a team."""
    team = await service.client.teams.by_name(name)
    listed = service.client.alert_groups.list(state="firing", team_id=team.id)
    return [group.to_dict() async for group in listed]


@app.post("/teams/{name}/storm", status_code=202)
async def start(name: str, service: ServiceOf) -> dict[str, Any]:
    """Acknowledge all that fires for a team, unless that is under way."""
    team = await service.client.teams.by_name(name)
    storm = service.storms.get(name)
    if storm is None or storm.task.done():
        storm = service.storms[name] = Storm(service.client, team.id)
    return storm.to_dict()


@app.get("/teams/{name}/storm")
async def progress(name: str, service: ServiceOf) -> dict[str, Any]:
    """Say how far it is."""
    if name not in service.storms:
        raise HTTPException(404, f"No storm of the team {name} was acknowledged.")
    return service.storms[name].to_dict()
