"""Replaces the running version: the new one starts beside it, is checked, gets the requests, and the old one ends.

Whatever fails before the end leaves the old version serving.
"""

import json
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from deploy.host import proxy
from deploy.host.database import grant_rights
from deploy.host.errors import HostError
from deploy.host.host import Host, report
from deploy.host.plan import RELEASES, other_slot, port, web_unit, worker_units
from deploy.host.releases import current
from deploy.host.settings import HostSettings
from deploy.host.units import enable

READY_SECONDS = 60.0
# nginx's old processes finish their requests before the old web processes stop accepting.
DRAIN_SECONDS = 5.0
_SETTLE_SECONDS = 3.0


def switch(host: Host, settings: HostSettings, release: Path, *, migrate: bool = True) -> None:
    """Let a release serve. Raises HostError, or what else ended it, after everything is as before."""
    started, old = time.monotonic(), proxy.active_slot(host)
    new, was, before = other_slot(old), current(host), current(host, "previous")
    host.link(f"{RELEASES}/{new}", f"releases/{release.name}")
    try:
        if migrate:
            report("migrating the database")
            host.run("systemctl", "start", f"exposure-alert-migrate@{new}.service")
            grant_rights(host, settings)
        report(f"starting {release.name} in {new}")
        host.run("systemctl", "restart", *(web_unit(surface, new) for surface in settings.surfaces))
        wait_until_ready(settings, new)
        # Before requests are sent there: a host that restarts meanwhile must start what nginx asks.
        enable(host, *(web_unit(surface, new) for surface in settings.surfaces))
    except BaseException:  # Ctrl-C too
        stop_slot(host, settings, new)
        raise
    report(f"sending requests to {new}")
    try:
        proxy.send_requests_to(host, new)
        if was is not None and was.name != release.name:  # first, for a roll-back after a loss of power
            host.link(f"{RELEASES}/previous", f"releases/{was.name}")
        host.link(f"{RELEASES}/current", f"releases/{release.name}")
        restart_workers(host, settings)
        wait_until_ready(settings, new)
    except BaseException:
        report(f"going back to {old}")
        if was is not None:
            proxy.send_requests_to(host, old)
            host.link(f"{RELEASES}/current", f"releases/{was.name}")
            if before is not None:
                host.link(f"{RELEASES}/previous", f"releases/{before.name}")
            host.run("systemctl", "restart", *worker_units(settings))
            time.sleep(DRAIN_SECONDS)
            stop_slot(host, settings, new)
        raise
    time.sleep(DRAIN_SECONDS)
    stop_slot(host, settings, old)
    host.note(f"{release.name} serves")
    report(f"{release.name} serves after {time.monotonic() - started:.0f} s")


def restart_workers(host: Host, settings: HostSettings) -> None:
    """Restart workers and clock; raise HostError if one does not keep running."""
    units = worker_units(settings)
    host.run("systemctl", "restart", *units)
    time.sleep(_SETTLE_SECONDS)
    for unit in units:
        if not host.succeeds("systemctl", "is-active", "--quiet", unit):
            raise HostError(f"{unit} does not run: journalctl --unit {unit}")


def wait_until_ready(settings: HostSettings, slot: str) -> None:
    """Wait until every web process of a slot is ready; raise HostError, with its answer, if one is not in time."""
    deadline = time.monotonic() + READY_SECONDS
    for surface in settings.surfaces:
        answer = readiness(surface, slot)
        while answer:
            if time.monotonic() > deadline:
                raise HostError(f"{surface} of {slot} is not ready: {answer}")
            time.sleep(0.5)
            answer = readiness(surface, slot)


def readiness(surface: str, slot: str) -> str:
    """Return why a web process is not ready, or an empty string if it is."""
    connection = HTTPConnection("127.0.0.1", port(surface, slot), timeout=15)
    try:
        connection.request("GET", "/services/ready")
        response = connection.getresponse()
        states = json.loads(response.read())
    except (OSError, HTTPException, ValueError) as error:
        return f"no answer: {error}"
    finally:
        connection.close()
    return "" if response.status == 200 else ", ".join(f"{name} is {state}" for name, state in states.items())


def stop_slot(host: Host, settings: HostSettings, slot: str) -> None:
    """Stop the web processes of a slot. They finish their requests."""
    units = [web_unit(surface, slot) for surface in settings.surfaces]
    host.run("systemctl", "disable", "--quiet", "--now", *units)
