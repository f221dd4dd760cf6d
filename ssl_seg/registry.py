"""Every plug point in one list.

Plan-side plug points (``SCHEDULERS``, ``DATASETS``, ``ADAPTERS``, ``METRICS``, ``EXECUTORS``) and
``PREDICTORS`` are plain registries that import without torch. Training-side ones (``MODELS``,
``TRANSFORMS``, ``HOOKS`` and all others that mmsegmentation has) are children of mmsegmentation's
registries, so that its types and ours are found together; they come into being on first access,
because that imports torch.

A plug-in file that a config names in ``custom_imports`` registers its own types::

    from ssl_seg.registry import SCHEDULERS

    @SCHEDULERS.register_module()
    class MySchedule: ...
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from mmengine.registry import Registry

from ssl_seg.core.errors import UserError

SCOPE = "ssl_seg"


class PlugPoint(Registry):
    """A registry whose look-up needs no torch and whose errors name place and alternatives.

    Args:
        name: what an entry is called in messages.
        locations: modules whose import registers the project's own entries.
    """

    def __init__(self, name: str, *locations: str) -> None:
        super().__init__(name, scope=SCOPE, locations=list(locations))
        self._imported: bool = False

    def import_from_location(self) -> None:
        """Import the project's own entries once; mmengine's version logs through torch."""
        if not self._imported:
            self._imported = True
            for location in self._locations:
                importlib.import_module(location)

    def get(self, key: str) -> type | None:
        """Return the class registered under a name, or ``None``."""
        self.import_from_location()
        entry: type | None = self._module_dict.get(key.removeprefix(f"{SCOPE}."))
        return entry

    def names(self) -> list[str]:
        """Return all registered names, sorted."""
        self.import_from_location()
        return sorted(self._module_dict)

    def build(self, cfg: Mapping[str, Any], *args: Any, where: str | None = None) -> Any:
        """Build the entry that ``cfg['type']`` names with the other keys as arguments.

        Args:
            cfg: a config dict with the key ``type``.
            args: positional arguments of the entry.
            where: the dict's place in the config, for messages; the plug point's name by default.

        Raises:
            UserError: the type or an argument is unknown, an argument is missing, or the entry
                refuses a value by a ``UserError``; the message starts with the place in the config.
                Whatever else an entry raises is a bug in it and passes as it is.
        """
        where = where or self.name
        if not isinstance(cfg, Mapping) or not isinstance(cfg.get("type"), str):
            raise UserError(f"{where}: expected a dict with a 'type', got {cfg!r}")
        arguments = {key: value for key, value in cfg.items() if key != "type"}
        entry = self.get(cfg["type"])
        if entry is None:
            raise UserError(
                f"{where}.type: no {self.name} is named {cfg['type']!r}"
                + suggestion(str(cfg["type"]), self.names())
            )
        check_arguments(entry, arguments, where, positional=len(args))
        try:
            return entry(*args, **arguments)
        except UserError as error:
            raise UserError(f"{where}: {error}") from error
        except Exception as error:
            error.add_note(f"This happened while {where} ({cfg['type']}) was built.")
            raise


def suggestion(name: str, valid: Iterable[str]) -> str:
    """Return the end of a message: the nearest valid name, and all of them if they are few."""
    known = sorted(set(valid))
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"{hint} Known: {', '.join(known)}" if len(known) <= 40 else hint


def check_arguments(
    entry: Callable[..., Any], arguments: Mapping[str, Any], where: str, *, positional: int = 0
) -> None:
    """Check keyword arguments against a signature before the call.

    Arguments that a class passes on to its parents by ``**kwargs`` are looked up there.

    Raises:
        UserError: an argument is unknown or a required one is missing.
    """
    accepted, required, open_ended = _signature(entry, positional)
    if not open_ended and (unknown := [name for name in arguments if name not in accepted]):
        raise UserError(
            f"{where}.{unknown[0]}: {getattr(entry, '__name__', entry)} has no such argument"
            + suggestion(unknown[0], accepted)
        )
    if missing := [name for name in required if name not in arguments]:
        raise UserError(
            f"{where}: {getattr(entry, '__name__', entry)} needs the argument {missing[0]!r}"
        )


def _signature(entry: Callable[..., Any], positional: int) -> tuple[list[str], list[str], bool]:
    """Return accepted names, required names, and whether anything else is accepted too."""
    makers: list[Callable[..., Any]] = [entry]
    if inspect.isclass(entry):
        if entry.__init__ is object.__init__ and entry.__new__ is object.__new__:
            return [], [], False
        makers = [base.__init__ for base in entry.__mro__ if "__init__" in vars(base)]  # type: ignore[misc]
    accepted: list[str] = []
    required: list[str] = []
    for depth, maker in enumerate(makers):
        parameters = list(inspect.signature(maker).parameters.values())
        parameters = parameters[1:] if inspect.isclass(entry) else parameters
        parameters = parameters[positional:] if depth == 0 else parameters
        named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        accepted += [p.name for p in named]
        if depth == 0:
            required = [p.name for p in named if p.default is p.empty]
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return accepted, required, False
    return accepted, required, True


SCHEDULERS = PlugPoint("scheduler", "ssl_seg.schedulers")
DATASETS = PlugPoint("data set", "ssl_seg.catalog", "ssl_seg.phantoms.data_set")
ADAPTERS = PlugPoint("adapter", "ssl_seg.adapters")
METRICS = PlugPoint("metric", "ssl_seg.metrics")
METHODS = PlugPoint("method", "ssl_seg.methods")
PREDICTORS = PlugPoint("predictor", "ssl_seg.runner.predictors", "ssl_seg.runner.volume_predictors")
EXECUTORS = PlugPoint("executor", "ssl_seg.execution")

TRAINING_SIDE = (
    "DATA_SAMPLERS",
    "HOOKS",
    "LOG_PROCESSORS",
    "LOOPS",
    "MODELS",
    "MODEL_WRAPPERS",
    "OPTIMIZERS",
    "OPTIM_WRAPPERS",
    "OPTIM_WRAPPER_CONSTRUCTORS",
    "PARAM_SCHEDULERS",
    "RUNNERS",
    "TASK_UTILS",
    "TRANSFORMS",
    "VISBACKENDS",
    "VISUALIZERS",
    "WEIGHT_INITIALIZERS",
)
"""Names of the registries that are children of mmsegmentation's."""


def __getattr__(name: str) -> Registry:
    """Make the training-side registries on first access, all of them together.

    mmengine looks types up from the root registry through the default scope, so each root needs
    its child as soon as the first one is used.
    """
    if name not in TRAINING_SIDE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ssl_seg.compat import import_mmseg  # noqa: PLC0415 - imports torch

    import_mmseg()
    parents = importlib.import_module("mmseg.registry")
    for child in TRAINING_SIDE:
        parent = getattr(parents, child)
        globals()[child] = Registry(parent.name, parent=parent, scope=SCOPE)
    made: Registry = globals()[name]
    return made
