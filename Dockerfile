# A worker for the named queues: what Lambda gets, in an image. The same lock file, the same code.
#
#     docker build --platform linux/arm64 --tag headrace-worker .

FROM python:3.13-slim AS packages
WORKDIR /build
COPY requirements.lock .
# Only what was locked, and nothing that would have to be compiled.
RUN python -m pip --no-input install --no-cache-dir --require-hashes --only-binary=:all: \
    --target /packages --requirement requirements.lock

FROM python:3.13-slim
# Lines as they are written, and code that is compiled once, here: the file system is read-only there.
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/headrace:/packages
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin worker
COPY --from=packages /packages /packages
WORKDIR /headrace
# Add the package that WorkflowsPackage names, if it lies beside these.
COPY kernel kernel
COPY adapters adapters
COPY functions functions
RUN python -m compileall -q /packages /headrace
# Bodies may write there and nowhere else; a volume keeps whose it is.
VOLUME /tmp
USER 10001
# By signal, as ECS stops it: it takes no more bells, ends what it has, and gives back the rest.
STOPSIGNAL SIGTERM
# ECS goes by the task's own check; this one is for whoever runs it elsewhere.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as ask; ask.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
ENTRYPOINT ["python", "-m", "functions.work"]
CMD ["--queue", "heavy", "--health", "127.0.0.1:8080"]
