"""All that the persistence port promises. An adapter proves itself by inheriting this."""

from tests.conformance.persistence_advances import AdvancePromises
from tests.conformance.persistence_bills import BillPromises
from tests.conformance.persistence_commits import CommitPromises
from tests.conformance.persistence_conditions import ConditionPromises
from tests.conformance.persistence_dead_letters import DeadLetterPromises
from tests.conformance.persistence_outbox import OutboxPromises
from tests.conformance.persistence_presences import PresencePromises
from tests.conformance.persistence_races import RacePromises
from tests.conformance.persistence_reads import ReadPromises
from tests.conformance.persistence_removal import RemovalPromises
from tests.conformance.persistence_requirements import RequirePromises
from tests.conformance.persistence_reruns import RerunPromises
from tests.conformance.persistence_round_trips import RoundTripPromises
from tests.conformance.persistence_stages import StagePromises


class PersistenceContract(
    BillPromises,
    CommitPromises,
    ConditionPromises,
    OutboxPromises,
    DeadLetterPromises,
    PresencePromises,
    RoundTripPromises,
    StagePromises,
    AdvancePromises,
    RemovalPromises,
    RequirePromises,
    RerunPromises,
    ReadPromises,
    RacePromises,
):
    """An adapter's test class gives the fixture `persistence`; each test has its own run ids."""
