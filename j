{"journal": 1, "server": "https://oncall.example/oncall/api/v1/", "grafana_url": null, "action": {"name": "resolve"}, "query": [["state", "new"]], "converge": false, "max_items": null,"crc":"30a27890"}
{"selected": 0, "complete": true,"crc":"7239a2b5"}
{"finished": true,"crc":"8cf0bef2"}
