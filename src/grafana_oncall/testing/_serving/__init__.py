"""Ways to reach the fake: in process through httpx, as an ASGI app, on a socket."""
