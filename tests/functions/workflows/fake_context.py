"""As much of a context as the bodies of the example workflows use."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.workflows.digesting.embedding import embed


@dataclass(kw_only=True)
class FakeStorage:
    """Blobs in a dictionary, as bytes, so that nothing is shared by reference."""

    blobs: dict[str, bytes] = field(default_factory=dict)

    def save(self, name: str, content: Any, content_type: str | None = None) -> None:
        self.blobs[name] = json.dumps(content).encode()

    def load(self, name: str) -> bytes:
        return self.blobs[name]

    def load_json(self, name: str) -> Any:
        return json.loads(self.blobs[name])

    def exists(self, name: str) -> bool:
        return name in self.blobs

    def delete(self, name: str) -> None:
        self.blobs.pop(name, None)

    def names(self) -> list[str]:
        return sorted(self.blobs)


@dataclass(kw_only=True)
class FakeLog:
    lines: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def info(self, message: str, **fields: Any) -> None:
        self.lines.append((message, fields))


class FakeAI:
    """Embeds as the digest's own model does."""

    def embed(self, texts: list[str], *, model: str) -> list[tuple[float, ...]]:
        return [*embed(texts)]


@dataclass(kw_only=True)
class FakeContext:
    input: Any = None
    config: Any = None
    earlier: Mapping[str, Any] = field(default_factory=dict)
    storage: FakeStorage = field(default_factory=FakeStorage)
    ai: FakeAI = field(default_factory=FakeAI)
    log: FakeLog = field(default_factory=FakeLog)
    told: list[tuple[float, str]] = field(default_factory=list)
    run_id: str = "run-1"

    def require(self, stage: Any) -> Any:
        return self.earlier[stage.id]

    def progress(self, fraction: float, message: str = "") -> None:
        self.told.append((fraction, message))
