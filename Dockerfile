# The image of the bot: small, non-root, bytecode compiled for a quick start.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt && /venv/bin/python -m compileall -q /venv

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DATA_DIR=/data
RUN apt-get update && apt-get install -y --no-install-recommends tesseract-ocr tesseract-ocr-deu && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --no-create-home app && mkdir /data && chown app /data
COPY --from=build /venv /venv
WORKDIR /app
COPY app.py ./
COPY bot bot
COPY cards cards
COPY cli cli
COPY dialogs dialogs
COPY pipeline pipeline
RUN python -m compileall -q /app
USER app
VOLUME /data
EXPOSE 3978
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '3978') + '/health/live', timeout=3)"]
CMD ["python", "app.py", "serve"]
