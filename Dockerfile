# One image for the API and its workers; compose.yaml says how they run together. Not built in the tests.
FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends make git fonts-noto-cjk && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/paigong
COPY . .
RUN make setup
USER nobody
ENV PATH=/srv/paigong/.venv/bin:$PATH NUMBA_CACHE_DIR=/tmp/numba
ENTRYPOINT ["paigong"]
