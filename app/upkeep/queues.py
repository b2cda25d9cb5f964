"""The queues of background jobs in Redis."""

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer


def queue_of(surface: str, redis: Redis) -> Queue:
    """Return the queue of a surface, so that a worker only receives jobs whose secrets it has.

    Jobs are serialized as JSON: unpickling data from Redis would execute it.
    """
    return Queue(f"exposure-alert-{surface}", connection=redis, serializer=JSONSerializer)
