"""How long and how a run goes, and what makes two runs the same."""

from __future__ import annotations

from dataclasses import dataclass

from hot_core.training.recipe import Numbers, Recipe


@dataclass(frozen=True)
class Plan:
    """How long and how a run goes.

    Attributes:
        minutes: CPU minutes that the training steps may take; they fix the number of steps.
        seed: of the initial weights and of every batch.
        steps: number of steps, or None to work it out from `minutes` and the time of the first steps.
        validations: how often the validation part is measured.
        save_every: seconds between two checkpoints.
        clip: largest norm of a gradient.
        device: "cpu", "cuda", or "auto" for a GPU where one is at hand. There the minutes are those on the clock.
    """

    minutes: float = 20.0
    seed: int = 0
    steps: int | None = None
    validations: int = 20
    save_every: float = 60.0
    clip: float = 1.0
    device: str = "auto"

    def way(self, recipe: Recipe) -> Numbers:
        """What must be the same for a run to go on where it was interrupted.

        Args:
            recipe: what is learnt.

        Returns:
            Seed, length, learning rate and weight decay by name.
        """
        length = {"minutes": self.minutes} if self.steps is None else {"steps": float(self.steps)}
        return {"seed": self.seed, "rate": recipe.learning_rate, "decay": recipe.weight_decay, **length}
