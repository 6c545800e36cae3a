# The image of every part: docker build -t touchpath . ; docker run touchpath --help. What it runs is a sub-command.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/touchpath
COPY requirements-image.lock .
RUN /opt/touchpath/bin/pip install --no-cache-dir --require-hashes -r requirements-image.lock
COPY pyproject.toml README.md LICENSE ./
COPY journeys journeys
COPY producers producers
COPY streams streams
COPY sinks sinks
COPY dashboards dashboards
COPY touchpath touchpath
RUN /opt/touchpath/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data touchpath && install -d -o touchpath /data
COPY --from=build /opt/touchpath /opt/touchpath
ENV PATH=/opt/touchpath/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TOUCHPATH_DATA=/data
USER touchpath
WORKDIR /data
VOLUME /data
ENTRYPOINT ["touchpath"]
CMD ["--help"]
