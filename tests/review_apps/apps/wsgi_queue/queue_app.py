"""Answers with the number of jobs that the worker has done, and enqueues one for each POST."""

import json
import os

from redis import Redis
from rq import Queue

redis = Redis.from_url(os.environ.get("QUEUE_URL", "redis://127.0.0.1:1/0"))


def count() -> None:
    redis.incr("done")


def seed() -> None:
    redis.set("seeded", "yes")


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        Queue(connection=redis).enqueue(count)
    facts = {
        "done": int(redis.get("done") or 0),
        "seeded": (redis.get("seeded") or b"no").decode(),
        "variable": os.environ["A_VARIABLE"],
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(facts).encode()]
