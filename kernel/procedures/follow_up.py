"""After one of several siblings settled: ask whether the group is done, and note that."""

from kernel.commands.advance_run import AdvanceRun
from kernel.commands.mark_stage import MarkStage
from kernel.dispatch import Kernel
from kernel.errors import NotFoundError
from kernel.model.stage import StageRecord


def follow_up(kernel: Kernel, settled: StageRecord) -> None:
    """Do what a settled sibling leaves to be done; nothing for a stage alone in its group.

    The siblings are read after the own settle, so the last to settle sees them all done. The
    mark goes only once the transition was made: whoever dies before leaves the stage due.
    """
    if settled.solo or not settled.status.is_terminal:
        return
    try:
        seen = kernel.ports.persistence.standing(settled.key)
    except NotFoundError:
        return
    kernel.dispatch(AdvanceRun(run_id=settled.run_id))
    if seen.stage.unadvanced:
        kernel.dispatch(MarkStage(seen=seen, advanced=True))
