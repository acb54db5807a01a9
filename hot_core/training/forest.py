"""A random forest on single pixels, the yardstick of `land-cover`; needs scikit-learn."""

from __future__ import annotations

import numpy as np

from hot_core.errors import ModelError
from hot_core.training.scenes import Scene
from hot_core.training.splits import TRAIN

PIXELS = 20_000


def check_forest() -> None:
    """Look for scikit-learn before hours are spent.

    Raises:
        ModelError: when it is not installed.
    """
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise ModelError(
            "The recipe land-cover compares itself with a random forest and needs scikit-learn, which is not "
            "installed. Install requirements-dev.txt."
        ) from error


def forest_map(scene: Scene, seed: int = 0, trees: int = 100) -> np.ndarray:
    """Fit a forest on the training pixels of a scene and classify all of it.

    Args:
        scene: the scene; the forest sees the six bands of a pixel and nothing around it.
        seed: of the drawn pixels and of the forest.
        trees: number of trees.

    Returns:
        Classes (row, column).
    """
    from sklearn.ensemble import RandomForestClassifier

    labels = scene.labels_of(TRAIN)
    known = np.argwhere(labels >= 0)
    drawn = np.random.default_rng(seed).permutation(len(known))[:PIXELS]
    rows, columns = known[drawn].T
    forest = RandomForestClassifier(trees, min_samples_leaf=2, random_state=seed, n_jobs=1)
    forest.fit(scene.values[rows, columns], labels[rows, columns])
    flat = scene.values.reshape(-1, scene.values.shape[-1])
    return np.asarray(forest.predict(flat)).reshape(labels.shape)
