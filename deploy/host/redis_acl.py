"""Redis: a user for each process, with the commands and keys that it uses and no other; there is no default user.

What each process calls was recorded with MONITOR; `tests/deploy_host/test_redis_acl.py` runs the real processes with
these users, and fails if one command is refused.
"""

import hashlib
from collections.abc import Iterator

from deploy.host.plan import Process, clock_role, processes
from deploy.host.settings import HostSettings

CLOCK = "clock"

# `writable` is the key with which a process checks that Redis stores data.
_CONNECT = ("ping", "set", "client|setname")
_LIMITS = ("evalsha", "script|load", "incrby", "expire")
_TRANSACTION = ("multi", "exec", "watch", "unwatch", "discard")
_ENQUEUE = ("info", "evalsha", "script|load", "sadd", "exists", "expire", "hset", "rpush", *_TRANSACTION)
_WORK = (
    *("info", "client|info", "evalsha", "script|load", *_TRANSACTION),
    *("get", "del", "exists", "expire", "persist", "ttl"),
    *("blpop", "blmove", "lmove", "llen", "lrange", "lrem", "rpush"),
    *("hset", "hsetnx", "hget", "hgetall", "hmget", "hdel", "hexists", "hincrby", "hincrbyfloat"),
    *("sadd", "srem", "smembers", "scard"),
    *("zadd", "zcard", "zrem", "zrange", "zrangebyscore", "zrevrange", "zremrangebyscore", "zscore", "zrank"),
    *("xadd", "xrevrange", "xtrim"),
)
_WORK_KEYS = (
    *("rq:job:*", "rq:execution:*", "rq:executions:*", "rq:results:*", "rq:worker:*", "rq:workers"),
    *("rq:queues", "rq:groups", "rq:clean_groups", "rq:suspended", "rq:rl-keys"),
)
# Increments of what a process counts (app/measuring/increments.py): a selector of its own, so that these commands reach
# no other keys.
_COUNT = (
    *("evalsha", "script|load", "script|exists", "get", "set", "hincrbyfloat", "expire", "time"),
    *("zadd", "zremrangebyscore"),
)
_FOLD = ("zrangebyscore", "smembers", "zrem", "exists", "rename", "sadd", "srem", "hgetall", "hset", "del")
_MONITOR_KEYS = ("heartbeat:*", "monitor-slot:*")
_MONITOR = ("set", "get", "mget", "del")
_REGISTRIES = ("wip", "finished", "failed", "deferred", "scheduled", "canceled", "ready", "workers", "clean_registries")


def acl(settings: HostSettings, passwords: dict[str, str]) -> str:
    """Return the ACL file. `passwords` has one for each process and the clock; the file has their SHA-256."""
    lines = ["user default off nopass resetkeys resetchannels -@all"]
    for process in processes(settings):
        keys, commands = ["writable"], list(_CONNECT)
        for more_keys, more_commands in _rights(process):
            keys += more_keys
            commands += more_commands
        lines.append(_user(process.name, passwords[process.name], keys, commands) + _selectors(process))
    queues = ["rq:job:*", "rq:queues", *(f"rq:queue:{_queue(surface)}" for surface in settings.surfaces)]
    clock = _user(CLOCK, passwords[CLOCK], ["writable", *queues], [*_CONNECT, *_ENQUEUE]) + _metrics()
    if clock_role(settings):
        clock += _monitor(settings)
    lines.append(clock)
    return "\n".join(lines) + "\n"


def _rights(process: Process) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    queue = _queue(process.surface)
    if process.kind == "web":
        yield ("rate:*",), _LIMITS
        if process.surface == "portal":  # it asks the worker to send mail at once
            yield ("rq:job:*", "rq:queues", f"rq:queue:{queue}"), _ENQUEUE
        return
    registries = tuple(f"rq:{registry}:{queue}" for registry in _REGISTRIES)
    yield (*_WORK_KEYS, f"rq:queue:{queue}", f"rq:queue:{queue}:intermediate", *registries), _WORK
    if process.surface == "submission":
        yield ("last-purge",), ()


def _selectors(process: Process) -> str:
    """Return the further rules of a process: to count, and those of status."""
    if process.surface != "status":
        return _metrics()
    if process.kind == "web":
        return _metrics() + _selector(("metrics:*",), ("hgetall",)) + _selector(("status-document",), ("getrange",))
    document = _selector(("status-document",), ("getrange", "set")) + _selector(("last-purge",), ("get",))
    queues = _selector(("rq:queue:*", "rq:failed:*"), ("llen", "lrange", "zcard", "zremrangebyscore"))
    return _metrics(*_FOLD) + document + queues + _selector(_MONITOR_KEYS, _MONITOR)


def _metrics(*more: str) -> str:
    return _selector(("metrics:*",), (*_COUNT, *more))


def _monitor(settings: HostSettings) -> str:
    """Return the rules of the clock's monitor, which looks at the queues and the last purge."""
    queues = tuple(f"rq:queue:{_queue(surface)}" for surface in settings.surfaces)
    reads = _selector(queues, ("lrange",)) + _selector(("rq:job:*",), ("hget",)) + _selector(("last-purge",), ("get",))
    return _selector(_MONITOR_KEYS, _MONITOR) + reads


def _selector(keys: tuple[str, ...], commands: tuple[str, ...]) -> str:
    """Return a rule that permits these commands with these keys, in addition to what the user may do otherwise."""
    allowed = " ".join([*(f"~{key}" for key in keys), *(f"+{command}" for command in dict.fromkeys(commands))])
    return f" ({allowed})"


def _queue(surface: str) -> str:
    return f"exposure-alert-{surface}"


def _user(name: str, password: str, keys: list[str], commands: list[str]) -> str:
    digest = hashlib.sha256(password.encode()).hexdigest()
    allowed = [f"+{command}" for command in dict.fromkeys(commands)]
    return " ".join([f"user {name} on #{digest} resetchannels", *(f"~{key}" for key in keys), "-@all", *allowed])
