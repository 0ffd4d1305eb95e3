"""One call: its attempts, retries, throttling, and the client's lifetime."""
