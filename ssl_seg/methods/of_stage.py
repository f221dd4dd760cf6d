"""The method that a train stage asks for."""

from __future__ import annotations

from ssl_seg.core.errors import UserError
from ssl_seg.core.stage import TrainStage
from ssl_seg.methods.method import Method
from ssl_seg.registry import METHODS

DEFAULT = {"type": "Supervised"}


def method_of(stage: TrainStage) -> Method:
    """Build the method of a stage, supervised learning where none is named.

    Raises:
        UserError: there is no such method, or it does not learn from a kind of source that the
            stage has.
    """
    asked = stage.config.method or DEFAULT
    made: Method = METHODS.build(asked, where="method")
    for source in stage.sources:
        if source.kind not in made.kinds:
            raise UserError(
                f"{stage.title}: the method {asked['type']} learns from {_listed(made.kinds)} "
                f"samples, but the plan also gives it {source.kind} ones; choose another method"
            )
    return made


def _listed(kinds: frozenset[str]) -> str:
    return " and ".join(sorted(kinds))
