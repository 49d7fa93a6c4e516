"""Documents in, a report out: text, Markdown, HTML, CSV and PDF, measured without a network.

It reads a path, so it is for local use: a Lambda function has no documents to read. It needs the
extra `digest`.
"""

from datetime import timedelta

from pydantic import BaseModel

from functions.workflows.digesting.clusters import clusters_of, grouped, text_to_embed
from functions.workflows.digesting.documents import SplitConfig, Texts, split_library
from functions.workflows.digesting.embedding import embedder
from functions.workflows.digesting.extras import require_extras
from functions.workflows.digesting.library import IngestConfig, Library, Source, gather
from functions.workflows.digesting.phrases import KeyPhrases, PhraseConfig, find_phrases
from functions.workflows.digesting.provider import JobLostError, LocalProvider
from functions.workflows.digesting.readings import ReadabilityConfig, Readings, read_all
from functions.workflows.digesting.report import (
    Digest,
    Findings,
    ReportConfig,
    digest_of,
    page_of,
    rendered,
)
from functions.workflows.digesting.structure import StructureConfig, Structures, outline_all
from functions.workflows.digesting.summaries import (
    Summaries,
    SummariseConfig,
    requests_for,
    summaries_from,
)
from kernel.authoring import (
    Completed,
    Failed,
    NotReady,
    Ready,
    StageContext,
    Suspend,
    batch_stage,
    stage,
    workflow,
)

MOST_WAIT = timedelta(hours=1)


class Measures(BaseModel):
    """What the parallel stages found, each under its own id."""

    key_phrases: KeyPhrases
    readability: Readings
    structure: Structures


class Ticket(BaseModel):
    """What the provider gave for the batch that it was handed."""

    pieces: int
    groups: list[list[int]]
    """The numbers of the documents that belong together."""


@stage
def ingest(ctx: StageContext[Source, IngestConfig]) -> Library:
    """Read the files."""
    require_extras()
    library = gather(ctx.input, ctx.config)
    ctx.log.info("read", files=len(library.files), left_out=len(library.skipped))
    return library


@stage
def split(ctx: StageContext[Library, SplitConfig]) -> Texts:
    """Parse the files and cut them into passages."""
    return split_library(ctx.input, ctx.config)


@stage
def key_phrases(ctx: StageContext[Texts, PhraseConfig]) -> KeyPhrases:
    """Find what the documents are about."""
    return find_phrases(ctx.input, ctx.config)


@stage
def readability(ctx: StageContext[Texts, ReadabilityConfig]) -> Readings:
    """Measure how hard they are to read."""
    return read_all(ctx.input, ctx.config)


@stage
def structure(ctx: StageContext[Texts, StructureConfig]) -> Structures:
    """Count what they are built of."""
    return outline_all(ctx.input, ctx.config)


@batch_stage
class Summarise:
    """Have a batch provider pick the sentences that say most, and a model tell what is alike."""

    def execute(self, ctx: StageContext[Measures, SummariseConfig]) -> Suspend[Ticket]:
        texts, config = ctx.require(split), ctx.config
        requests = requests_for(texts, ctx.input.key_phrases, config.sentences)
        pieces = LocalProvider(storage=ctx.storage).submit(requests, config.checks)
        vectors = ctx.ai.embed(list(map(text_to_embed, texts.documents)), model=config.embedding)
        return Suspend(
            Ticket(pieces=pieces, groups=grouped(vectors, config.nearness)),
            poll_every=timedelta(seconds=config.poll_seconds),
            max_wait=MOST_WAIT,
        )

    def check(
        self, ctx: StageContext[Measures, SummariseConfig], state: Ticket
    ) -> Ready[Summaries] | NotReady | Failed:
        provider = LocalProvider(storage=ctx.storage)
        try:
            left = provider.work()
            if left:
                ctx.progress(1 - left / state.pieces, f"{left} of {state.pieces} pieces left")
                return NotReady()
            picks = provider.results()
        except JobLostError as error:
            return Failed(str(error), code="BATCH_LOST")
        texts = ctx.require(split)
        summaries = summaries_from(texts, picks, ctx.config.sentences)
        summaries.clusters = clusters_of(texts, ctx.input.key_phrases, state.groups)
        return Ready(summaries)


@stage
def report(ctx: StageContext[Summaries, ReportConfig]) -> Completed[Digest]:
    """Write the report, in Markdown and in HTML."""
    findings = Findings(
        library=ctx.require(ingest),
        texts=ctx.require(split),
        phrases=ctx.require(key_phrases),
        readings=ctx.require(readability),
        structures=ctx.require(structure),
        summaries=ctx.input,
    )
    page = page_of(findings, ctx.run_id, ctx.config)
    reports = {name: rendered(page, f"{name}.j2") for name in ("report.md", "report.html")}
    return Completed(
        digest_of(page, list(reports)),
        metrics={"documents": len(page.chapters), "words": page.words},
        artifacts=reports,
    )


digest = (
    workflow("digest", name="Digest", input=Source, output=Digest)
    .register_models(embedder)
    .pipe(ingest)
    .pipe(split)
    .parallel(key_phrases, readability, structure)
    .pipe(Summarise)
    .pipe(report)
    .build()
)
