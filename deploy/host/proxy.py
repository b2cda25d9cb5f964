"""nginx: its configuration, which slot it sends requests to, and the certificates."""

import re
from pathlib import Path

from deploy.host.errors import HostError
from deploy.host.host import Host
from deploy.host.plan import DOWNLOADS, ETC, PROXY_USER, SLOTS, STATE, port
from deploy.host.settings import HostSettings
from deploy.host.templates import SOURCE, render

FOLDER = f"{ETC}/proxy"
ACME = f"{STATE}/acme"
UNIT = "exposure-alert-proxy.service"
CERTIFICATE = f"{ETC}/tls/certificate.pem"
KEY = f"{ETC}/tls/key.pem"
_LIVE = "/etc/letsencrypt/live/exposure-alert"
_TEMPLATES = SOURCE / "deploy" / "proxy"
_RENEWAL = "/etc/letsencrypt/renewal/exposure-alert.conf"
_HOOK = "/etc/letsencrypt/renewal-hooks/deploy/exposure-alert"
_IPV6 = Path("/proc/net/if_inet6")
_DEFAULT_ACME_SERVER = "https://acme-v02.api.letsencrypt.org/directory"


def proxy_values(settings: HostSettings) -> dict[str, str]:
    """Return the values of nginx's templates on a host."""
    return {
        "RUNTIME": "/run/exposure-alert-proxy",
        "CACHE": "/var/cache/exposure-alert-proxy/archives",
        # One line an event, in the journal; nginx adds no address of a client to it.
        "ACCESS_LOG": "syslog:server=unix:/dev/log,nohostname,tag=proxy",
        "CERTIFICATE": CERTIFICATE,
        "CERTIFICATE_KEY": KEY,
        "FOLDER": FOLDER,
        "ACME": ACME,
        # Without files of archives, a folder that does not exist: nginx asks the service.
        "DOWNLOADS": DOWNLOADS if settings.has_download_files else "/nonexistent",
        "ARCHIVE_CACHE": "archives" if settings.archive_cache == "on" else "off",
        "STATUS_CACHE": "/var/cache/exposure-alert-proxy/status",
        "HTTPS_PORT": "443",
        "HTTP_PORT": "80",
        "REGION_CODE": settings.region_code,
        **{f"{surface.upper()}_NAME": settings.name_of(surface) for surface in settings.surfaces},
    }


def proxy_files(settings: HostSettings, values: dict[str, str]) -> dict[str, str]:
    """Return the text of each file of nginx by its path below `FOLDER`, without the two that choose a slot."""
    files = {"real-ip.conf": real_ip(settings)}
    for template in sorted(_TEMPLATES.rglob("*.template")):
        path = str(template.relative_to(_TEMPLATES)).removesuffix(".template")
        if not path.startswith("sites/") or Path(path).stem in ("00-default", *settings.surfaces):
            files[path] = render(template, values)
    return files


def real_ip(settings: HostSettings) -> str:
    """Return the lines that let only a CDN state its clients' addresses to nginx."""
    networks = [network.strip() for network in settings.cdn_networks.split(",") if network.strip()]
    lines = [f"set_real_ip_from {network};" for network in networks]
    return "\n".join([*lines, "real_ip_header X-Forwarded-For;", "real_ip_recursive on;"]) + "\n" if lines else "\n"


def upstreams(settings: HostSettings, slot: str) -> str:
    """Return the addresses of the web processes in a slot."""
    return "".join(
        f"upstream {surface} {{\n  server 127.0.0.1:{port(surface, slot)} max_fails=0;\n"
        "  keepalive 32;\n  keepalive_timeout 60s;\n}\n"
        for surface in settings.surfaces
    )


def write_proxy(host: Host, settings: HostSettings) -> None:
    """Write nginx's files, and a self-signed certificate until there is a real one."""
    for path, text in proxy_files(settings, proxy_values(settings)).items():
        # Where the kernel has no IPv6, nginx cannot start with it.
        host.write(f"{FOLDER}/{path}", text if _IPV6.exists() else re.sub(r"(?m)^ *listen \[::\].*\n", "", text))
    served = {f"{surface}.conf" for surface in settings.surfaces} | {"00-default.conf"}
    for file in host.path(f"{FOLDER}/sites").glob("*.conf"):
        if file.name not in served:
            host.remove(f"{FOLDER}/sites/{file.name}")
    for slot in SLOTS:
        host.write(f"{FOLDER}/upstreams-{slot}.conf", upstreams(settings, slot))
    if not host.path(f"{FOLDER}/upstreams.conf").is_symlink():
        host.link(f"{FOLDER}/upstreams.conf", "upstreams-blue.conf")
    if settings.tls == "acme":
        host.write(_HOOK, _hook(), 0o755)
    else:  # certbot may still renew what it got before
        host.remove(_HOOK)
    if not host.path(CERTIFICATE).exists():
        _make_placeholder(host)


def _hook() -> str:
    # The certificate comes last: where it is the new one, so is its key.
    return (
        "#!/bin/sh\n# Exposure Alert: certbot runs this after each renewal.\nset -eu\n"
        f"install -m 0640 -g {PROXY_USER} {_LIVE}/privkey.pem {KEY}.new\n"
        f"install -m 0644 {_LIVE}/fullchain.pem {CERTIFICATE}.new\n"
        f"sync {KEY}.new {CERTIFICATE}.new\n"
        f"mv {KEY}.new {KEY}\nmv {CERTIFICATE}.new {CERTIFICATE}\n"
        f"systemctl reload-or-restart {UNIT}\n"
    )


def _make_placeholder(host: Host) -> None:
    host.make_folder(f"{ETC}/tls", 0o755)
    files = ("-keyout", str(host.path(KEY)), "-out", str(host.path(CERTIFICATE)))
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=placeholder", "-days", "30")
    host.run("openssl", "req", "-x509", "-nodes", *kind, *files)
    host.run("chgrp", PROXY_USER, str(host.path(KEY)))
    host.run("chmod", "0640", str(host.path(KEY)))
    host.note(CERTIFICATE)


def install_certificates(host: Host, settings: HostSettings) -> None:
    """Get the certificate, or copy the given one. nginx must run, because it answers the challenge."""
    if settings.tls == "acme" and (arguments := _missing(host, settings)):
        names = [part for name in settings.names for part in ("--domain", name)]
        server = ("--server", settings.acme_server) if settings.acme_server else ()
        common = ("--non-interactive", "--agree-tos", "--email", settings.acme_email, "--cert-name", "exposure-alert")
        host.run("certbot", "certonly", "--webroot", "--webroot-path", ACME, *common, *arguments, *server, *names)
        host.note(_LIVE)
        host.run(_HOOK)
    else:
        use_certificate(host, settings)


def use_certificate(host: Host, settings: HostSettings) -> None:
    """Let nginx use the certificate that there is. nginx cannot start with half of a copy that was interrupted."""
    live, used = host.path(f"{_LIVE}/fullchain.pem"), host.path(CERTIFICATE)
    if settings.tls == "files":
        if host.is_real:
            copy_certificate(host, settings)
    elif live.exists() and not (used.exists() and live.read_text() == used.read_text()):
        host.run(_HOOK)


def copy_certificate(host: Host, settings: HostSettings) -> None:
    """Copy the given certificate and its key. Raises HostError if one cannot be read, or they are no pair."""
    files = settings.tls_certificate, settings.tls_key
    keys = host.run("openssl", "x509", "-in", files[0], "-noout", "-pubkey")
    if keys != host.run("openssl", "pkey", "-in", files[1], "-pubout"):
        raise HostError("TLS_KEY: is not the key of TLS_CERTIFICATE")
    certificate = host.write(CERTIFICATE, Path(files[0]).read_text())
    key = host.write(KEY, Path(files[1]).read_text(), 0o640, PROXY_USER)
    if certificate or key:
        reload_proxy(host)


def _missing(host: Host, settings: HostSettings) -> list[str]:
    """Return the options with which certbot is to get a certificate; empty if it has the right one."""
    if not host.path(f"{_LIVE}/fullchain.pem").exists() or _names_in_certificate(host) != set(settings.names):
        return ["--renew-with-new-domains"]  # when a surface was added or removed
    renewal = host.path(_RENEWAL)
    server = re.search(r"^server = (\S+)", renewal.read_text(), re.MULTILINE) if renewal.exists() else None
    wanted = settings.acme_server or _DEFAULT_ACME_SERVER
    return ["--force-renewal"] if server and server[1] != wanted else []


def _names_in_certificate(host: Host) -> set[str]:
    file = str(host.path(f"{_LIVE}/fullchain.pem"))
    text = host.run("openssl", "x509", "-in", file, "-noout", "-ext", "subjectAltName")
    return set(re.findall(r"DNS:([^\s,]+)", text))


def uncertified_names(host: Host, settings: HostSettings) -> list[str]:
    """Return the host names that the certificate of nginx does not have, such as all while it is self-signed."""
    return [name for name in settings.names if not _is_certified(host, name)]


def _is_certified(host: Host, name: str) -> bool:
    try:
        output = host.run("openssl", "x509", "-in", str(host.path(CERTIFICATE)), "-noout", "-checkhost", name)
    except HostError:  # with which newer releases of openssl report that the name does not match
        return False
    return "does match" in output


def active_slot(host: Host) -> str:
    """Return the slot that nginx sends requests to."""
    link = host.path(f"{FOLDER}/upstreams.conf")
    return link.readlink().stem.removeprefix("upstreams-") if link.is_symlink() else "blue"


def send_requests_to(host: Host, slot: str) -> None:
    """Let nginx send requests to a slot. Requests in progress finish where they are."""
    host.link(f"{FOLDER}/upstreams.conf", f"upstreams-{slot}.conf")
    reload_proxy(host)


def reload_proxy(host: Host) -> None:
    """Let nginx read its files again; systemd first lets it check them. Start it if it does not run."""
    host.run("systemctl", "reload-or-restart", UNIT)
