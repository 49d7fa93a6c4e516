"""PDFs for tests, as small as they can be."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

# Text, its size in points, and how far its baseline is from the bottom of the page.
Line: TypeAlias = tuple[str, int, int]

LOCK: Final = f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{'ab' * 32}> /U <{'cd' * 32}> >>"


def a_pdf(*pages: Sequence[Line], locked: bool = False) -> bytes:
    """Return a PDF with such lines on its pages; a *locked* one has a password nobody knows."""
    numbers = [4 + 2 * nth for nth in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = {
        1: "<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        3: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    for number, lines in zip(numbers, pages, strict=True):
        shown = "\n".join(map(_shown, lines))
        objects[number] = (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << /F 3 0 R >> >> /Contents {number + 1} 0 R >>"
        )
        objects[number + 1] = f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream"
    return _file(objects.items(), locked=locked)


def _shown(line: Line) -> str:
    text, size, height = line
    safe = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /F {size} Tf 72 {height} Td ({safe}) Tj ET"


def _file(objects: Iterable[tuple[int, str]], *, locked: bool) -> bytes:
    content = b"%PDF-1.4\n"
    places = []
    for number, text in objects:
        places.append(len(content))
        content += f"{number} 0 obj\n{text}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    lock = f" /Encrypt {LOCK} /ID [<00> <00>]" if locked else ""
    end = (
        f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {len(places) + 1} /Root 1 0 R{lock} >>\n"
        f"startxref\n{len(content)}\n%%EOF\n"
    )
    return content + end.encode("latin-1")
