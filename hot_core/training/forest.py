"""Random forests, the yardsticks of `land-cover` (pixels) and `adrenal` (occupancies); need scikit-learn."""

from __future__ import annotations

import numpy as np
import torch

from hot_core.errors import ModelError
from hot_core.models.land_cover import SQUARES, surroundings
from hot_core.training.land_scores import counts_by_block, macro_f1
from hot_core.training.scenes import Scene
from hot_core.training.shapes import occupancies
from hot_core.training.splits import TRAIN, VALIDATION

PIXELS = 20_000
SHAPE_TREES = 500
WAYS = ("as they come", "as many of each class")


def check_forest(recipe: str) -> None:
    """Look for scikit-learn before hours are spent.

    Args:
        recipe: the name of the recipe that compares itself with a forest.

    Raises:
        ModelError: when it is not installed.
    """
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise ModelError(
            f"The recipe {recipe} compares itself with a random forest and needs scikit-learn, which is not "
            "installed. Install requirements-dev.txt."
        ) from error


def forest_map(
    scene: Scene, seed: int = 0, trees: int = 100, texture: bool = False, balanced: bool = False
) -> np.ndarray:  # fmt: skip
    """Fit a forest on the training pixels of a scene and classify all of it.

    Args:
        scene: the scene; the forest sees the six bands of a pixel and nothing around it.
        seed: of the drawn pixels and of the forest.
        trees: number of trees.
        texture: let it see what a token of the model sees around a pixel, too: mean and deviation of the squares.
        balanced: draw as many pixels of each class, as far as there are so many, not as they come.

    Returns:
        Classes (row, column).
    """
    from sklearn.ensemble import RandomForestClassifier

    labels = scene.labels_of(TRAIN)
    rows, columns = drawn_pixels(labels, np.random.default_rng(seed), balanced)
    forest = RandomForestClassifier(trees, min_samples_leaf=2, random_state=seed, n_jobs=1)
    seen = _with_texture(scene) if texture else scene.values
    forest.fit(seen[rows, columns], labels[rows, columns])
    flat = seen.reshape(-1, seen.shape[-1])
    return np.asarray(forest.predict(flat)).reshape(labels.shape)


def drawn_pixels(labels: np.ndarray, rng: np.random.Generator, balanced: bool, most: int = PIXELS) -> np.ndarray:
    """Pixels to fit on.

    Args:
        labels: classes (row, column), -1 where nothing may be learnt.
        rng: draws them without repetition.
        balanced: as many of each class, all of a class that has fewer; otherwise as they come.
        most: pixels in all.

    Returns:
        Rows and columns, int (2, pixels).
    """
    groups = [labels == c for c in np.unique(labels[labels >= 0])] if balanced else [labels >= 0]
    drawn = [rng.permutation(np.argwhere(group))[: most // len(groups)] for group in groups]
    return np.concatenate(drawn).T


def chosen_forest(scene: Scene, trees: int, texture: bool) -> tuple[np.ndarray, str]:
    """The forest with the way of drawing pixels that the validation blocks prefer, as the model's steps are chosen.

    Args:
        scene: the scene.
        trees: number of trees.
        texture: as for `forest_map`.

    Returns:
        Classes (row, column), and a clause that says how the choice came out.
    """
    truth = scene.labels_of(VALIDATION)
    maps = [forest_map(scene, trees=trees, texture=texture, balanced=balanced) for balanced in (False, True)]
    scores = [macro_f1(counts_by_block(each, truth)) for each in maps]
    best = int(np.argmax(scores))
    told = [f"{way} ({score:.3f})" for way, score in zip(WAYS, scores, strict=True)]
    return maps[best], f"pixels drawn {told[best]} rather than {told[1 - best]}"


def _with_texture(scene: Scene) -> np.ndarray:
    """(row, column, 6 · (1 + 2 · squares)): the values, then mean and deviation of every square."""
    values, valid = torch.from_numpy(scene.values)[None], torch.from_numpy(scene.valid)[None]
    around = [part for side in SQUARES for part in surroundings(values, valid, side)]
    return torch.cat([values, *around], dim=-1)[0].numpy()


def forest_shares(learnt: np.ndarray, labels: np.ndarray, shapes: np.ndarray, seed: int = 0) -> np.ndarray:
    """Fit a random forest of 500 trees on coarse occupancies, the yardstick of `adrenal`, and ask it.

    Args:
        learnt: (case, x, y, z), 0 or 1.
        labels: 0 or 1 of each; both occur.
        shapes: what it is asked about, as `learnt`.
        seed: of the forest.

    Returns:
        The share of trees that say 1, one number per case.
    """
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(SHAPE_TREES, random_state=seed, n_jobs=1)
    forest.fit(occupancies(learnt), labels)
    return np.asarray(forest.predict_proba(occupancies(shapes)))[:, 1]
