"""The bundled models: configuration, embedding, blocks, heads, and the registry of their weights."""

from hot_core.models.base import HOTModel
from hot_core.models.blocks import Block, SwiGLU
from hot_core.models.config import ModelConfig
from hot_core.models.registry import build_model, list_models, load_model, save_model

__all__ = ["Block", "HOTModel", "ModelConfig", "SwiGLU", "build_model", "list_models", "load_model", "save_model"]
