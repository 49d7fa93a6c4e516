"""How every adapter comes by its boto3 client: when it is first needed, once, and impatient."""

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import boto3
from boto3.session import Session
from botocore.config import Config

ClientT = TypeVar("ClientT")

# A worker that waits is paid for, and whoever called has a plan for no answer.
IMPATIENT: Final = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=32,
    tcp_keepalive=True,
)

# Clients may be shared by threads; a session that makes them may not.
making: Final = threading.Lock()


class LazyClient(Generic[ClientT]):
    """A client to be called for; all threads get the same one."""

    def __init__(
        self, session: Session | None, make: Callable[[Session, Config], ClientT]
    ) -> None:
        self._session = session
        self._make = make
        self._made: list[ClientT] = []

    def __call__(self) -> ClientT:
        if not self._made:
            with making:
                if not self._made:
                    self._made.append(self._make(self._session or _default_session(), IMPATIENT))
        return self._made[0]


def _default_session() -> Session:
    """Return the one that boto3 keeps, so that all clients load their models through it."""
    if boto3.DEFAULT_SESSION is None:
        boto3.setup_default_session()
    return boto3.DEFAULT_SESSION or Session()
