"""How every adapter comes by its client: when it is first needed, once, and impatient."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from botocore.config import Config
from botocore.session import Session as CoreSession

if TYPE_CHECKING:
    # For its types only: boto3 loads S3's transfers, which takes as long as all the kernel.
    from boto3.session import Session

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
        self, session: "Session | None", make: "Callable[[Session, Config], ClientT]"
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


class LeanSession:
    """Makes clients as boto3's session does, and loads nothing beside them."""

    def __init__(self, core: CoreSession, *, region: str) -> None:
        self._core = core
        self._region = region

    def client(self, service: str, *, config: Config) -> Any:
        return self._core.create_client(service, region_name=self._region, config=config)


def _default_session() -> "Session":
    """Return the one that boto3 keeps, so that all clients load their models through it."""
    # On Lambda nobody comes here, and boto3 is not loaded.
    import boto3  # noqa: PLC0415
    from boto3.session import Session  # noqa: PLC0415

    if boto3.DEFAULT_SESSION is None:
        boto3.setup_default_session()
    return boto3.DEFAULT_SESSION or Session()
