"""Documents for tests, made as the workflow makes them."""

from functions.workflows.digesting.documents import Document, SplitConfig, Texts, document_of
from functions.workflows.digesting.finding import Kind
from functions.workflows.digesting.library import File


def a_file(text: str, *, name: str = "a.md", kind: Kind = "markdown") -> File:
    return File(name=name, kind=kind, encoding="utf-8", size=len(text), text=text)


def a_document(
    text: str, *, name: str = "a.md", kind: Kind = "markdown", passage_words: int = 250
) -> Document:
    return document_of(
        a_file(text, name=name, kind=kind), SplitConfig(passage_words=passage_words)
    )


def texts_of(*texts: str) -> Texts:
    return Texts(documents=[a_document(text, name=f"{nth}.md") for nth, text in enumerate(texts)])
