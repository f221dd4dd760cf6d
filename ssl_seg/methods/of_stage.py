"""The method that a train stage asks for."""

from __future__ import annotations

from collections.abc import Iterable

from ssl_seg.core.errors import UserError
from ssl_seg.core.stage import TrainStage
from ssl_seg.methods.average import Averaged
from ssl_seg.methods.join import joined
from ssl_seg.methods.method import Method
from ssl_seg.registry import METHODS

DEFAULT = {"type": "Supervised"}


def method_of(stage: TrainStage) -> Method:
    """Build the method of a stage, supervised learning where none is named.

    Raises:
        UserError: there is no such method, it does not learn from a kind of source that the stage
            has, or it needs a kind that the stage has not.
    """
    asked = stage.config.method or DEFAULT
    made: Method = METHODS.build(asked, where="method")
    held = {source.kind for source in stage.sources}
    if surplus := held - made.kinds:
        raise UserError(
            f"{stage.title}: the method {asked['type']} learns from {_listed(made.kinds)} "
            f"samples, but the plan also gives it {_listed(surplus)} ones; choose another method, "
            "or leave them out of batch"
        )
    if missing := made.needs - held:
        raise UserError(
            f"{stage.title}: the method {asked['type']} needs {_listed(missing)} samples; say how "
            "many are in a batch: batch=dict(labeled=4, pseudo=4, unlabeled=8)"
        )
    if stage.config.average is not None:
        made = Averaged(made, stage.config.average)
    rule = stage.config.pseudo_labels
    return made if rule is None or rule.join is None else joined(made, rule.join)


def _listed(kinds: Iterable[str]) -> str:
    return " and ".join(sorted(kinds))
