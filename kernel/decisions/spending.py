"""What a call that has ended adds to what its topic has spent."""

from kernel.dispatch import Context
from kernel.model.call import ModelCall, Spending


def spent(call: ModelCall, context: Context) -> Spending:
    """Return what *call* came to, as it is kept when its run is long gone."""
    return Spending(
        topic=call.topic,
        month=call.month,
        run_id=call.run_id,
        workflow_id=call.workflow_id,
        tally=call.tally,
        expires_at=context.now + context.policy.spending_kept,
    )
