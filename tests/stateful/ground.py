"""Several stores side by side: what one writer wants is put to all of them, and all must agree.

Each store is written to as by somebody who had read that store: versions are its own.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeAlias

from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine

from kernel.errors import ConditionFailedError, NotFoundError
from kernel.model.change import Change, UpdateStage
from kernel.ports.persistence import Persistence, Snapshot
from tests.stateful.faults import Place, due_faults, version_faults, written_moments
from tests.stateful.reading import Manner, Reading
from tests.stateful.sameness import (
    Saying,
    bare,
    cleared,
    differences,
    nominated,
    outline,
    particulars,
    undecided,
    waiting,
)
from tests.support.builders import NOON

ALL_TIME: Final = NOON + timedelta(days=365)
PLENTY: Final = 1_000

Write: TypeAlias = Callable[[Reading], Sequence[Change]]
Ask: TypeAlias = Callable[[Persistence, str, Snapshot | None], Saying]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What one writer wants to commit, in the words of each store.

    Args:
        asks: The writer wants to be told how a stage stands after it, if that is all it changes.
    """

    name: str
    run_ids: frozenset[str]
    changes: Mapping[str, tuple[Change, ...]] = field(repr=False)
    asks: bool = False

    @property
    def is_one_update(self) -> bool:
        """Whether it is one change of one stage in every store."""
        each = self.changes.values()
        return all(len(changes) == 1 and isinstance(changes[0], UpdateStage) for changes in each)


class Ground(RuleBasedStateMachine):
    """The stores, and what was last read from them. The rules are in the modules beside."""

    def __init__(self, stores: Mapping[str, Persistence], tally: Counter[str]) -> None:
        super().__init__()
        self.stores = stores
        self.tally = tally
        self.now = NOON
        self.number = 0
        self.told: set[str] = set()
        # Whether they were found to differ, or are being asked.
        self.is_apart = False
        self.views: Mapping[str, dict[str, Snapshot]] = {name: {} for name in stores}
        self.wanted: Mapping[str, dict[Place, datetime | None]] = {name: {} for name in stores}

    def runs(self) -> Sequence[Snapshot]:
        """Return all runs, as the first store has them."""
        first, *_ = self.views.values()
        return [*first.values()]

    def decide(self, name: str, run_id: str, write: Write, manner: Manner) -> Decision:
        """Decide on each store's own words."""
        self.number += 1
        changes = {
            store: tuple(write(self._reading(views[run_id], manner)))
            for store, views in self.views.items()
        }
        return Decision(name=name, run_ids=frozenset({run_id}), changes=changes, asks=manner.asks)

    def decide_alike(self, name: str, run_id: str, *changes: Change) -> Decision:
        """Decide whatever the stores say."""
        alike = dict.fromkeys(self.stores, changes)
        return Decision(name=name, run_ids=frozenset({run_id}), changes=alike)

    def put(self, decision: Decision) -> None:
        """Commit *decision* in every store, and see that they agree on all that is there then."""
        self.is_apart = True
        self._put(decision)
        self.is_apart = False

    def ask(self, run_id: str) -> None:
        """See that the stores agree on all that can be asked about a run."""
        self._compare("all", [run_id], particulars)

    def same(self, question: str, ask: Callable[[str], object]) -> str:
        """Put a question to all stores; return their one answer, as text."""
        answers = {name: repr(ask(name)) for name in self.stores}
        apart = len({*answers.values()}) > 1
        assert not apart, "\n".join(f"{question}: {each}" for each in answers.items())
        return next(iter(answers.values()))

    def _put(self, decision: Decision) -> None:
        before = {name: self._known(name, decision) for name in self.stores}
        if undecided([(before[name], decision.changes[name]) for name in self.stores]):
            self.tally["left to the stores"] += 1
            return
        went_in = self.same(decision.name, lambda name: self._answer(name, decision)) != "None"
        note(f"# {decision.name} {'went in' if went_in else 'was refused'}")
        self.tally[f"{decision.name}: {'went in' if went_in else 'refused'}"] += 1
        self._look_again(decision)
        if not went_in:
            for name in self.stores:
                unchanged = self._known(name, decision) == before[name]
                assert unchanged, f"{name} refused and changed {decision}."
            return
        self._compare(decision.name, decision.run_ids, outline)
        self._compare_events(before, decision)
        for name in self.stores:
            self._check_writes(name, decision, before[name])
        self._check_index(decision)

    def _reading(self, view: Snapshot, manner: Manner) -> Reading:
        return Reading(
            snapshot=view,
            now=self.now,
            number=self.number,
            manner=manner,
        )

    def _known(self, name: str, decision: Decision) -> dict[str, Snapshot]:
        views = self.views[name]
        return {run_id: views[run_id] for run_id in decision.run_ids if run_id in views}

    def _answer(self, name: str, decision: Decision) -> object:
        """Return None where it is refused."""
        store, changes = self.stores[name], decision.changes[name]
        try:
            match changes:
                case [UpdateStage() as change] if decision.asks and decision.is_one_update:
                    found = store.update(change)
                    return bare(found.stage), bare(found.run)
                case _:
                    store.commit(changes)
                    return True
        except ConditionFailedError:
            return None

    def _look_again(self, decision: Decision) -> None:
        for run_id in decision.run_ids:
            for name, store in self.stores.items():
                try:
                    self.views[name][run_id] = store.snapshot(run_id)
                except NotFoundError:
                    self.views[name].pop(run_id, None)

    def _compare(self, when: str, run_ids: Iterable[str], ask: Ask) -> None:
        for run_id in sorted(run_ids):
            sayings = {
                name: ask(store, run_id, self.views[name].get(run_id))
                for name, store in self.stores.items()
            }
            apart = differences(sayings)
            assert not apart, "\n".join([f"After {when}:", *apart])

    def _compare_events(
        self, before: Mapping[str, Mapping[str, Snapshot]], decision: Decision
    ) -> None:
        for name in self.stores:
            for view in before[name].values():
                self.told.update(cleared(view, decision.changes[name]))
        for run_id in self._known(next(iter(self.stores)), decision):
            answer = partial(self._waiting, run_id)
            self.same(f"After {decision.name}, events", answer)

    def _waiting(self, run_id: str, name: str) -> Sequence[str]:
        return waiting(self.views[name][run_id], self.told)

    def _check_writes(
        self,
        name: str,
        decision: Decision,
        before: Mapping[str, Snapshot],
    ) -> None:
        changes, after = decision.changes[name], self._known(name, decision)
        self.wanted[name].update(written_moments(changes))
        for run_id in before:
            faults = [*version_faults(changes, before[run_id], after[run_id])]
            assert not faults, f"{name}, {decision.name}: {faults}"

    def _check_index(self, decision: Decision) -> None:
        nominations = {
            name: store.due(by=ALL_TIME, limit=PLENTY) for name, store in self.stores.items()
        }
        views = {name: [*views.values()] for name, views in self.views.items()}
        self.same("due", lambda name: nominated(nominations[name], views[name], self.told))
        for name in self.stores:
            for view in self._known(name, decision).values():
                faults = [*due_faults(self.wanted[name], view, nominations[name])]
                assert not faults, f"{name}, {decision.name}: {faults}"
