"""What of prompts and answers is kept."""

from kernel.ai.keeping import LONGEST, Keeping
from kernel.model.message import Message, Text


def test_nothing_is_kept_unless_the_deployment_wants_it() -> None:
    keeping = Keeping()

    assert keeping.text("secret") is None
    assert keeping.messages((Message(role="user", parts=(Text(text="secret"),)),)) is None


def test_what_matches_a_redaction_is_blotted_out() -> None:
    keeping = Keeping(keeps=True, redactions=(r"\d{4}",))

    assert keeping.text("card 1234 and 5678") == "card [redacted] and [redacted]"


def test_a_long_text_is_redacted_before_it_is_cut() -> None:
    keeping = Keeping(keeps=True, redactions=("ABCDEF",))

    kept = keeping.text("x" * (LONGEST - 3) + "ABCDEF")

    assert kept is not None
    assert len(kept) == LONGEST
    assert "AB" not in kept
