"""Sample → ModelInput and the way back, for the three kinds of data."""

from hot_core.errors import ModelError
from hot_core.modes import Sample
from hot_core.transforms import raster, series, volume
from hot_core.transforms.hide import hide
from hot_core.transforms.inputs import Config, ModelInput
from hot_core.transforms.results import Classification, Forecast, Prediction, Segmentation
from hot_core.transforms.settings import Box, Settings

__all__ = ["Box", "Classification", "Forecast", "ModelInput", "Prediction", "Segmentation", "Settings", "to_input"]

KINDS = {"series": series.to_input, "volume": volume.to_input, "raster": raster.to_input}
WORDS = {"series": "a time series", "volume": "a volume", "raster": "a raster"}


def to_input(sample: Sample, config: Config, settings: Settings) -> ModelInput:
    """Bring a sample into the form that a model takes, and keep the way back.

    Args:
        sample: what was read.
        config: the model's configuration.
        settings: what was chosen.

    Returns:
        Values, mask, token grid, and the function that turns the model's output into a prediction; what is hidden is
        missing in them.

    Raises:
        ModelError: when the model is for another kind of data.
        SelectionError: when a part to hide does not lie in the data, or nothing is left to be seen.
    """
    if sample.kind != config.kind:
        raise ModelError(
            f"The model {config.name} takes {WORDS[config.kind]}, and {sample.source.name} is {WORDS[sample.kind]}. "
            f"Choose a model for {WORDS[sample.kind]}."
        )
    given = KINDS[sample.kind](sample, config, settings)
    return hide(given, config.patch, settings.hidden, sample.geometry, config.task)
