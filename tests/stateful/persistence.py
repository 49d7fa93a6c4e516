"""The same operations on several stores have the same results, whatever is done in which order."""

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from kernel.model.annotation import Annotation
from kernel.model.change import AddAnnotation, CreateRun, RequireRun, SaveIdempotency
from kernel.model.idempotency import IdempotencyRecord
from kernel.model.payload import Payload
from kernel.model.run import Intake, Run
from kernel.ports.persistence import Persistence, Snapshot
from tests.stateful import draws
from tests.stateful.acts import ACTS
from tests.stateful.ground import ALL_TIME, PLENTY, Decision, Ground
from tests.stateful.reading import Manner, run_due
from tests.support.builders import an_event

# So few runs that each gets far.
MOST_RUNS: Final = 2
STEPS: Final = 40
COMMAND: Final = "run.create"


class SideBySide(Ground):
    """What happens, and to whom: things are done, late, again, at the same time, together."""

    def __init__(self, stores: Mapping[str, Persistence], tally: Counter[str]) -> None:
        super().__init__(stores, tally)
        self.made: list[Decision] = []
        self.held: list[Decision] = []

    @initialize(run=draws.RUNS, payload=draws.PAYLOADS)
    def begin(self, run: Run, payload: Payload) -> None:
        self._create(run, payload, Manner())

    @precondition(lambda machine: len(machine.runs()) < MOST_RUNS)
    @rule(run=draws.RUNS, payload=draws.PAYLOADS, manner=draws.MANNERS)
    def create(self, run: Run, payload: Payload, manner: Manner) -> None:
        self._create(run, payload, manner)

    @rule(
        note=draws.ANNOTATIONS,
        key=some.none() | draws.KEYS,
        required=some.booleans(),
        manner=draws.MANNERS,
    )
    def note(self, note: Annotation, key: str | None, manner: Manner, *, required: bool) -> None:
        """Pin a fact, or use a key up; for a run that need not be there, unless it is required."""
        change = AddAnnotation(annotation=note) if key is None else self._key(key, note.run_id)
        there = [RequireRun(run_id=note.run_id)] if required else []
        name = "annotate" if key is None else "use a key"
        self._take(self.decide_alike(name, note.run_id, change, *there), manner)

    @precondition(lambda machine: machine.runs())
    @rule(data=some.data(), manners=some.lists(draws.MANNERS, min_size=1, max_size=4))
    def act(self, data: some.DataObject, manners: Sequence[Manner]) -> None:
        run_id = self._any_run(data).run.id
        for manner in manners:
            self._take(self._decided(self._view(run_id), data, manner), manner)

    @precondition(lambda machine: machine.runs())
    @rule(data=some.data(), manners=some.tuples(draws.MANNERS, draws.MANNERS))
    def race(self, data: some.DataObject, manners: tuple[Manner, Manner]) -> None:
        """Two read the same and decide; the second is the faster one."""
        view = self._any_run(data)
        slow, fast = [self._decided(view, data, manner) for manner in manners]
        self._take(fast, Manner())
        self._take(slow, Manner())

    @precondition(lambda machine: len(machine.runs()) > 1)
    @rule(data=some.data(), manners=some.tuples(draws.MANNERS, draws.MANNERS))
    def join(self, data: some.DataObject, manners: tuple[Manner, Manner]) -> None:
        """Commit what two want for different runs: all of it, or none."""
        pairs = zip(self.runs(), manners, strict=False)
        one, other = [self._decided(view, data, manner) for view, manner in pairs]
        both = Decision(
            name="join",
            run_ids=one.run_ids | other.run_ids,
            changes={name: one.changes[name] + other.changes[name] for name in self.stores},
        )
        self._take(both, manners[0])

    @precondition(lambda machine: machine.held)
    @rule(which=draws.WHICH)
    def come_late(self, which: int) -> None:
        """Commit what was held; others have come in between."""
        self.put(self.held.pop(-1 - which % len(self.held)))

    @precondition(lambda machine: len(machine.made) > 2)
    @rule(which=draws.WHICH)
    def come_again(self, which: int) -> None:
        self.put(self.made[-1 - which % len(self.made)])

    @rule(minutes=draws.MINUTES)
    def pass_time(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(run_id=draws.RUN_IDS, limit=draws.LIMITS)
    def question(self, run_id: str, limit: int) -> None:
        """Ask about a run, and see that the earliest are nominated, in any order at one moment."""
        self.ask(run_id)
        for name, store in self.stores.items():
            nominated = [due.at for due in store.due(by=ALL_TIME, limit=PLENTY)]
            wanted = [at for at in nominated if at <= self.now][:limit]
            found = [due.at for due in store.due(by=self.now, limit=limit)]
            assert found == wanted, f"{name}, by {self.now}: {found} is due and not {wanted}."

    def teardown(self) -> None:
        """Ask about everything at last, unless something was found before."""
        if not self.is_apart:
            for run_id in draws.RUN_NAMES:
                self.ask(run_id)
            self.same("keys", lambda name: self._keys_of(self.stores[name]))

    def _keys_of(self, store: Persistence) -> Sequence[object]:
        return [store.idempotency(COMMAND, key) for key in draws.KEY_NAMES]

    def _view(self, run_id: str) -> Snapshot:
        return next(view for view in self.runs() if view.run.id == run_id)

    def _any_run(self, data: some.DataObject) -> Snapshot:
        runs = self.runs()
        return runs[data.draw(some.integers(0, len(runs) - 1), label="run")]

    def _decided(self, view: Snapshot, data: some.DataObject, manner: Manner) -> Decision:
        """Draw something that can be done to a run."""
        possible = {act.name: act for act in ACTS if [*act.targets(view)]}
        weighed = [name for name, act in possible.items() for _ in range(act.weight)]
        act = possible[data.draw(some.sampled_from(weighed), label="act")]
        targets = [*act.targets(view)]
        nth = data.draw(some.integers(0, len(targets) - 1), label="target")
        value = None if act.value is None else data.draw(act.value, label="value")
        write = partial(act.changes, target=targets[nth], value=value)
        return self.decide(act.name, view.run.id, write, manner)

    def _create(self, run: Run, payload: Payload, manner: Manner) -> None:
        self.number += 1
        created = an_event(id=f"{run.id}:{self.number}:created", run_id=run.id, at=self.now)
        new = replace(
            run,
            outbox=(created,) if manner.tells else (),
            due_at=run_due(run, self.now, has_events=manner.tells),
        )
        change = CreateRun(run=new, intake=Intake(run_id=run.id, input=payload, config=payload))
        keys = [self._key(draws.KEY_NAMES[0], run.id)] if manner.patient else []
        self._take(self.decide_alike("create", run.id, change, *keys), manner)

    def _key(self, key: str, run_id: str) -> SaveIdempotency:
        record = IdempotencyRecord(
            command=COMMAND,
            key=key,
            digest=str(self.number),
            run_id=run_id,
            expires_at=self.now + timedelta(minutes=5),
        )
        return SaveIdempotency(record=record, now=self.now)

    def _take(self, decision: Decision, manner: Manner) -> None:
        self.made.append(decision)
        if manner.held:
            self.held.append(decision)
        else:
            self.put(decision)


def compare(
    make: Callable[[], Mapping[str, Persistence]], *, examples: int, curious: bool = True
) -> str:
    """Let Hypothesis look for something that the stores do not do alike; return what was done.

    Args:
        make: Makes the stores, empty.
        examples: How many sequences of operations to try; EXAMPLES in the environment has it
            otherwise.
        curious: Somebody will want to know what was found, as briefly as it can be put.
    """
    tally: Counter[str] = Counter()
    asked = os.environ.get("EXAMPLES") if curious else None

    class Machine(SideBySide):
        def __init__(self) -> None:
            super().__init__(make(), tally)

    # Not the explaining: it runs everything many times over.
    phases = [Phase.reuse, Phase.generate, Phase.shrink] if curious else [Phase.generate]
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=int(asked or examples),
            stateful_step_count=STEPS,
            deadline=None,
            # CI tries the same every time; a developer's machine looks further each time.
            derandomize=not curious or "CI" in os.environ,
            suppress_health_check=[*HealthCheck],
            phases=phases,
        ),
    )
    return summary(tally)


def summary(tally: Counter[str]) -> str:
    went_in, refused = (
        sum(count for name, count in tally.items() if name.endswith(ending))
        for ending in ("went in", "refused")
    )
    left = tally["left to the stores"]
    return f"{went_in} commits went in, {refused} were refused, {left} were left to the stores"
