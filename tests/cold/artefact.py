"""How large it is: what is kept, and what is sent."""

import io
import zipfile
from pathlib import Path


def unzipped(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def zipped(folder: Path) -> int:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return packed.tell()


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
