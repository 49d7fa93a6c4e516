"""What a body needs besides itself: small enough, a doorbell carries a copy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from kernel.model.json import Json, canonical, digest


@dataclass(frozen=True, kw_only=True)
class Materials:
    """A stage's input, and the config of the whole run by stage id."""

    input: Json
    config: Mapping[str, Json]

    @classmethod
    def from_payload(
        cls, payload: Mapping[str, Json] | None, *, digest_: str | None
    ) -> Self | None:
        """Return what a doorbell carries, if it is what the record has the digest of."""
        if payload is None or digest_ is None or digest(dict(payload)) != digest_:
            return None
        config = payload.get("config")
        return cls(input=payload.get("input"), config=config if isinstance(config, dict) else {})

    @property
    def digest(self) -> str:
        """What the stage's record keeps, to know the copy by."""
        return digest({"input": self.input, "config": dict(self.config)})

    def payload(self, *, limit: int) -> dict[str, Json] | None:
        """Return the copy that a doorbell may carry, or None if it is over *limit* bytes."""
        copy: dict[str, Json] = {"input": self.input, "config": dict(self.config)}
        return copy if len(canonical(copy).encode("utf-8", "surrogatepass")) <= limit else None
