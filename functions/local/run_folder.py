"""The folder in which a run leaves its artifacts, its whole output and its log."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from functions.local.refusal import RefusalError
from functions.local.views import ArtifactView

RUNS: Final = Path(".headrace", "runs")
OUTPUT: Final = "output.json"
LOG: Final = "log.jsonl"


@dataclass(frozen=True, kw_only=True)
class Saved:
    """An artifact, and where it is now."""

    name: str
    path: Path
    size: int


@dataclass(frozen=True)
class RunFolder:
    path: Path

    @property
    def output(self) -> Path:
        return self.path / OUTPUT

    @property
    def log(self) -> Path:
        return self.path / LOG

    def make(self) -> None:
        """Make the folder, unless it is there.

        Raises:
            RefusalError: It cannot be made, or nothing can be put in it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.log.touch()
            self.log.unlink()
        except OSError as error:
            why = (error.strerror or "the disk does not answer").lower()
            sentence = f"The folder '{self.path}' cannot be written to: {why}."
            raise RefusalError(sentence, hint="Name another one with --out.") from error

    def keep_output(self, output: Any) -> None:
        text = json.dumps(output, indent=2, ensure_ascii=False)
        self.output.write_text(f"{text}\n", encoding="utf-8")

    def keep_artifacts(
        self, artifacts: Sequence[ArtifactView], fetch: Callable[[str], bytes]
    ) -> list[Saved]:
        """Save *artifacts* under their names, and say where they are.

        One whose name is taken goes into a folder with the name of its stage.
        """
        taken = Counter(artifact.name for artifact in artifacts) + Counter([OUTPUT, LOG])
        return [
            self._keep(each, fetch(each.key), alone=taken[each.name] == 1) for each in artifacts
        ]

    def _keep(self, artifact: ArtifactView, content: bytes, *, alone: bool) -> Saved:
        folder = self.path if alone else self.path / artifact.stage_id
        path = folder / artifact.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return Saved(name=artifact.name, path=path, size=len(content))
