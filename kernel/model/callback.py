"""The link by which somebody outside answers a stage: what its token says, and how it is read.

A token names the attempt that made it and ends with a secret. Of the secret only the digest is
stored, so that whoever can read the records still cannot answer.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final, Self

from kernel.errors import NotFoundError
from kernel.model.stage import StageKey

# Run and stage ids are plain; any other id is spelt in hexadecimal, behind a `~`.
_PLAIN: Final = re.compile(r"[0-9A-Za-z_-]{1,128}")
_ID: Final = r"[0-9A-Za-z_-]{1,128}|~(?:[0-9a-f]{2}){1,256}"
_TOKEN: Final = re.compile(
    rf"1\.(?P<run_id>{_ID})\.(?P<stage_id>{_ID})\.(?P<group>\d{{1,6}})(?P<solo>s?)"
    r"\.(?P<generation>\d{1,6})\.(?P<attempt>\d{1,6})\.(?P<secret>[0-9A-Za-z_.~-]{16,256})",
    re.ASCII,
)
_DIGEST_LENGTH: Final = 64


@dataclass(frozen=True, kw_only=True)
class Callback:
    """What a token says: which attempt may be answered, and the secret that proves it."""

    key: StageKey
    generation: int
    attempt: int
    secret: str = field(repr=False)

    @classmethod
    def read(cls, token: str) -> Self:
        """Return what *token* says.

        Raises:
            NotFoundError: It is none of ours.
        """
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise _unreadable()
        key = StageKey(
            run_id=_id_of(found["run_id"]),
            stage_id=_id_of(found["stage_id"]),
            group=int(found["group"]),
            solo=bool(found["solo"]),
        )
        return cls(
            key=key,
            generation=int(found["generation"]),
            attempt=int(found["attempt"]),
            secret=found["secret"],
        )

    @property
    def token(self) -> str:
        """The text for the link; whoever has it may answer."""
        key = self.key
        place = f"{key.group}{'s' if key.solo else ''}"
        names = f"{_spelt(key.run_id)}.{_spelt(key.stage_id)}.{place}"
        return f"1.{names}.{self.generation}.{self.attempt}.{self.secret}"

    @property
    def digest(self) -> str:
        """What is stored of the secret."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def opens(self, stored: str | None) -> bool:
        """Whether *stored* is the digest of the secret."""
        return stored is not None and hmac.compare_digest(stored.encode(), self.digest.encode())

    def mark(self, token: str) -> str:
        """Return what a stage is settled by, when this link is used; *token* is the call's own."""
        return f"{self.digest}.{token}"

    def has_settled(self, mark: str | None) -> bool:
        """Whether *mark*, which a stage was settled by, was made with this link."""
        return mark is not None and self.opens(mark[:_DIGEST_LENGTH])


def _spelt(id_: str) -> str:
    return id_ if _PLAIN.fullmatch(id_) else f"~{id_.encode('utf-8', 'surrogatepass').hex()}"


def _id_of(spelt: str) -> str:
    if not spelt.startswith("~"):
        return spelt
    try:
        return bytes.fromhex(spelt[1:]).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise _unreadable() from None


def _unreadable() -> NotFoundError:
    return NotFoundError("This is no callback link; take care to send to the whole of it.")
