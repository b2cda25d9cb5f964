"""The facts of an app, for people and programs."""

import time
from typing import Any

from review_apps.host import Host
from review_apps.limits import memory_of
from review_apps.running import State
from review_apps.state import name_of
from review_apps.times import age, iso


def describe(host: Host, number: int) -> dict[str, Any]:
    """Return the facts of an app, without its password; of an app whose file is damaged, the few that are known."""
    state, app = host.state(number), host.store.intact(number)
    described = {
        "number": number,
        "name": name_of(number),
        "url": host.settings.url(name_of(number)),
        "state": str(state),
        "running": state == State.RUNNING,
        "memory_mb": 0,
    }
    if app is None:
        return described
    now = time.time()
    return {
        **described,
        "memory_mb": sum(map(memory_of, host.running.processes(app))) >> 20,
        "branch": app.branch,
        "commit": app.commit,
        "opened": iso(app.opened),
        "opened_by": app.opened_by,
        "locked": app.locked,
        "age": age(now - app.opened),
        "updated": iso(app.updated),
        "updated_ago": age(now - app.updated) if app.updated else "",
        "used": iso(host.running.last_use(app)) if app.release else "",
        "expires": iso(app.expires),
        "failure": app.failure,
        "failed": iso(app.failed),
    }
