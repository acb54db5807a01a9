"""A recipe of made volumes that is quick in everything: for cards, pictures and familiarity."""

import numpy as np
import torch

from hot_core.training.recipe import Evaluation, Example, Facts, Picture, Table
from tests import makers_samples as makers

PNG = bytes.fromhex("89504e470d0a1a0a") + b"picture"
FACTS = Facts(
    title="made volumes", task="image-segmentation", use=("To test.",), not_for=("Anything else.",),
    data=("Noise, made.",), data_licences=("mit",), split=("By seed.",), protocol=("None.",), limits=("All.",),
    tags=("made",),
)  # fmt: skip
SHAPE = (17, 19, 16)


def smooth(rng):
    """Noise, each voxel the mean of 5 × 5 × 5."""
    noise = torch.from_numpy(rng.standard_normal((1, 1, *(n + 4 for n in SHAPE)))).float()
    return torch.nn.functional.avg_pool3d(noise, 5, 1)[0, 0].numpy()


class SmoothRecipe:
    """Smooth volumes, some of each part; the model's mean output is its score."""

    name = "hippocampus"
    facts = FACTS
    learning_rate = 1e-3
    weight_decay = 0.0

    def __init__(self, pictures=True):
        # The made reference input goes by the name of a bundled model.
        self._config = makers.segmenter().config.model_copy(update={"name": self.name})
        self.pictures = pictures

    def config(self):
        return self._config

    def examples(self, part, most):
        rng = np.random.default_rng({"train": 0, "validation": 1, "test": 2}[part])
        for _ in range(min(most, 40)):
            yield Example(torch.from_numpy(smooth(rng)), torch.ones(SHAPE, dtype=torch.bool))

    def loss(self, model, rng):
        values = torch.from_numpy(smooth(rng))[None]
        return model(values, torch.ones_like(values, dtype=torch.bool)).square().mean()

    def measure(self, model, part):
        values, mask, _ = next(self.examples(part, 1))
        return {"mean": float(model(values[None], mask[None]).detach().mean())}

    def validate(self, model):
        return {"score": self.measure(model, "validation")["mean"]}

    def finish(self, model):
        """Nothing to calibrate."""

    def evaluate(self, model):
        table = Table("Mean", ("method", "mean"), (("this model", self.measure(model, "test")["mean"]),))
        pictures = (
            Picture("worst", "The worst [of all], with\na line break.", PNG),
            Picture("reliable", "How often it was so.", PNG, section="calibration"),
        )
        return Evaluation({"mean": 0.5}, {"zero": 0.0}, (table,), ("A remark.",), pictures if self.pictures else ())
