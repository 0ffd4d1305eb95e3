"""Act 1: the script that everyone writes first. It has a bug, which no exception shows."""

import os

import httpx


def main(url: str, token: str) -> None:
    """Resolve what fires at team SRE."""
    api, headers = f"{url}/api/v1/alert_groups", {"Authorization": token}
    with httpx.Client(headers=headers) as http:
        page, more = 1, True
        while more:
            query = {"state": "new", "label": "team:SRE", "page": str(page)}
            found = http.get(api, params=query).raise_for_status().json()
            for group in found["results"]:
                http.post(f"{api}/{group['id']}/resolve").raise_for_status()
            page, more = page + 1, found["next"]


if __name__ == "__main__":
    main(os.environ["GRAFANA_ONCALL_URL"], os.environ["GRAFANA_ONCALL_ACCESS_TOKEN"])
