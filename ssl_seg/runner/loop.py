"""The training loop: opens its data at any iteration, with nothing to replay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, final

from mmengine.runner import BaseLoop
from torch import Tensor, nn

from ssl_seg.core.fingerprint import derive_seed
from ssl_seg.data.training_set import seed_generators
from ssl_seg.methods.method import Method
from ssl_seg.methods.step import STUDENT, Step
from ssl_seg.registry import LOOPS
from ssl_seg.runner.finite import require_finite_loss
from ssl_seg.runner.networks import set_modes

OpenLoader = Callable[[int], Iterable[Any]]
"""Returns the batches from an iteration on."""


class LearningRunner(Protocol):
    """What the loop needs of mmengine's Runner, and what it has besides.

    Attributes:
        model: the student.
        networks: the student and the method's companions, by name.
        method: what is asked for losses.
        optim_wrapper: mmengine's.
    """

    model: Any
    networks: Mapping[str, nn.Module]
    method: Method
    optim_wrapper: Any

    def call_hook(self, name: str, **arguments: Any) -> None:
        """Call a method of all hooks."""
        ...


@LOOPS.register_module()
@final
class SeededLoop(BaseLoop):
    """Trains for a number of iterations, each a function of the state before it and the seed.

    What a batch is worth is the method's business; one step of the optimiser follows.

    mmengine's own loop opens its loader before it resumes and then replays it.

    Args:
        runner: mmengine's.
        dataloader: opens the loader at an iteration.
        max_iters: when to end.
        seed: of dropout and other randomness inside model and hooks.
    """

    def __init__(
        self, runner: LearningRunner, dataloader: OpenLoader, *, max_iters: int, seed: int
    ) -> None:
        super().__init__(runner, dataloader)
        self.iteration = 0
        self._max_iters = max_iters
        self._seed = seed

    @property
    def iter(self) -> int:
        """Iterations done; mmengine's name."""
        return self.iteration

    @property
    def max_iters(self) -> int:
        """Iterations to do; mmengine's name."""
        return self._max_iters

    @property
    def epoch(self) -> int:
        """Training is by iteration, so mmengine's hooks always see epoch 0."""
        return 0

    @property
    def max_epochs(self) -> int:
        """See :attr:`epoch`."""
        return 1

    def run(self) -> nn.Module:
        """Train to the end and return the model."""
        self.runner.call_hook("before_train")
        self.runner.call_hook("before_train_epoch")
        set_modes(self.runner.networks, self.runner.method)
        for batch in self.dataloader(self.iteration):
            self._step(batch)
        self.runner.call_hook("after_train_epoch")
        self.runner.call_hook("after_train")
        return self.runner.model

    def _step(self, batch: Any) -> None:
        # The data set seeds the generators per sample in whichever process makes it; what model
        # and hooks draw must not depend on that.
        seed_generators(derive_seed("model", self._seed, self.iteration))
        self.runner.call_hook("before_train_iter", batch_idx=self.iteration, data_batch=batch)
        step = step_of(batch, self.iteration, self._max_iters, self.runner.networks)
        outputs = learn(self.runner.method, step, self.runner.optim_wrapper)
        self.runner.call_hook(
            "after_train_iter", batch_idx=self.iteration, data_batch=batch, outputs=outputs
        )
        self.iteration += 1


def step_of(batch: Any, iteration: int, iterations: int, networks: Mapping[str, nn.Module]) -> Step:
    """Return one iteration as a method sees it.

    Args:
        batch: as mmengine collates it.
        iteration: how many were done before it.
        iterations: how many there are in all.
        networks: the student and the method's companions.
    """
    data = networks[STUDENT].data_preprocessor(batch, True)  # type: ignore[operator]
    return Step(iteration, iterations, networks, data["inputs"], data["data_samples"])


def learn(method: Method, step: Step, optim_wrapper: Any) -> dict[str, Tensor]:
    """Take one step of the optimiser on a method's losses, and return them by name.

    Raises:
        NotFiniteError: their sum is not finite.
    """
    with optim_wrapper.optim_context(step.student):
        losses = method.losses(step)
    total, parts = step.student.parse_losses(losses)
    optim_wrapper.update_params(total)
    # Behind the step, where a GPU need not be waited for, but before anything is saved.
    require_finite_loss(parts, step.iteration + 1, step.samples)
    method.after_step(step)
    named: dict[str, Tensor] = parts
    return named
