# One image for every process of the Procfile: docker run IMAGE web, worker, clock or release. See docs/container.md.

# The digest is that of the index of all platforms. Dependabot proposes the next one.
FROM python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b AS base

FROM base AS build
WORKDIR /service
COPY bin/install bin/
COPY requirements.txt ./
# Nothing can be installed into what is left: pip stays behind. Modules are compiled here, as nothing can be written there.
RUN bin/install requirements.txt \
    && .venv/bin/python -m pip uninstall --quiet --yes pip setuptools \
    && .venv/bin/python -m compileall -q .venv/lib
COPY app app
COPY worker worker
COPY migrations migrations
RUN .venv/bin/python -m compileall -q app worker migrations

FROM base
# A number, because some platforms only believe that a number is not root.
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin service
WORKDIR /service
ENV PATH=/service/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# Everything belongs to root, so the process cannot change its own code, even where the file system is not read-only.
COPY --from=build /service/.venv .venv
COPY --from=build /service/app app
COPY --from=build /service/worker worker
COPY --from=build /service/migrations migrations
COPY Procfile gunicorn.conf.py objectives.yaml ./
COPY bin/web bin/process bin/healthy bin/

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
