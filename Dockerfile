# One image for every process of the Procfile: docker run IMAGE web, worker, clock or release. See docs/container.md.

# The digest is that of the index of all platforms. Dependabot proposes the next one.
FROM python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b AS base

# The server of deploy/compose/compose.yml: a backup needs programs that are as new as the server.
FROM postgres:18-bookworm@sha256:1961f96e6029a02c3812d7cb329a3b03a3ac2bb067058dec17b0f5596aca9296 AS postgres

FROM base AS build
WORKDIR /service
COPY bin/install bin/
COPY requirements.txt requirements-pip.txt ./
# Nothing can be installed into what is left: pip stays behind. Modules are compiled here, as nothing can be written there.
RUN bin/install requirements.txt \
    && .venv/bin/python -m pip uninstall --quiet --yes pip setuptools \
    && .venv/bin/python -m compileall -q .venv/lib
COPY app app
COPY worker worker
COPY migrations migrations
COPY deploy deploy
RUN .venv/bin/python -m compileall -q app worker migrations deploy

FROM base
# A number, because some platforms only believe that a number is not root.
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin service \
    && install --directory --owner 10001 --mode 0700 /backups \
    && install --directory --owner 10001 --mode 0755 /downloads /status
# For bin/backup and bin/restore. Debian's libpq is replaced by that of the programs, and brings its other libraries.
# hadolint ignore=DL3008
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends age libedit2 liblz4-1 libpq5 libzstd1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=postgres /usr/lib/postgresql/18/bin/pg_dump /usr/lib/postgresql/18/bin/pg_restore /usr/lib/postgresql/18/bin/psql /usr/local/bin/
COPY --from=postgres /usr/lib/*-linux-gnu/libpq.so.5* /usr/local/lib/
RUN ldconfig && pg_dump --version && pg_restore --version && psql --version
# The certificate authorities of Amazon RDS, which no system trusts by default: PGSSLROOTCERT in infra/aws names this file.
# Without a checksum, as Amazon adds authorities to it: TLS alone protects the download.
# checkov:skip=CKV_DOCKER_4:COPY cannot download
ADD --chmod=0444 https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem /etc/ssl/rds.pem
WORKDIR /service
ENV PATH=/service/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# Everything belongs to root, so the process cannot change its own code, even where the file system is not read-only.
COPY --from=build /service/.venv .venv
COPY --from=build /service/app app
COPY --from=build /service/worker worker
COPY --from=build /service/migrations migrations
COPY --from=build /service/deploy deploy
COPY docs/operations.md docs/
COPY Procfile gunicorn.conf.py objectives.yaml ./
COPY bin/web bin/process bin/healthy bin/backup bin/restore bin/postgres-environment bin/

# With a read-only root file system, a platform mounts a volume here. This gives it the permissions of the folder.
VOLUME /tmp

ARG BRANCH=
ARG REVISION=
ENV BRANCH=$BRANCH REVISION=$REVISION PORT=8001
USER 10001
EXPOSE 8001
# The web server stops cleanly on SIGTERM, which bin/process hands on, as it becomes the process.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["bin/healthy"]
ENTRYPOINT ["bin/process"]
CMD ["web"]
