"""A model on another device is called as if it were here."""

import pytest
import torch

from hot_core.errors import ModelError
from hot_core.models import ModelConfig, build_model
from hot_core.training.device import Elsewhere, brought_here, called_from_here, chosen


@pytest.fixture
def model():
    config = ModelConfig(
        name="land-cover", task="segment", kind="raster", modes=("row", "column", "band"), patch=(4, 4, 1), dim=16,
        heads=2, layers=1, mlp=16, rope_modes=(0, 1), stem=8, roles=("red", "nir", "swir1"), classes=("a", "b"),
    )  # fmt: skip
    return build_model(config).eval()


def test_a_gpu_is_used_where_one_is_at_hand(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [chosen(name).type for name in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [chosen(name).type for name in ("auto", "cpu")] == ["cpu", "cpu"]
    with pytest.raises(ModelError, match="'cuda' is not there"):
        chosen("cuda")


def test_an_unknown_device_is_refused():
    with pytest.raises(ModelError, match="'tpu' is not there"):
        chosen("tpu")


def test_the_front_answers_and_teaches_like_the_model(model):
    values = torch.randn(2, 9, 7, 2, generator=torch.Generator().manual_seed(0))
    mask = torch.rand(values.shape, generator=torch.Generator().manual_seed(1)) > 0.2
    roles = ["red", "swir1"]
    front = Elsewhere(model)
    assert front.config == model.config
    torch.testing.assert_close(front(values, mask, roles=roles), model(values, mask, roles=roles), rtol=0, atol=0)
    front(values, mask, roles=roles).square().sum().backward()
    through = [p.grad.clone() for p in model.parameters() if p.grad is not None]
    model.zero_grad()
    model(values, mask, roles=roles).square().sum().backward()
    straight = [p.grad for p in model.parameters() if p.grad is not None]
    assert len(through) == len(straight) > 10
    for one, other in zip(through, straight, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_tensors_go_to_the_models_device(model):
    """ "meta" stands for a GPU: a tensor left behind on the CPU would be refused there."""
    front = called_from_here(model.to("meta"))
    assert isinstance(front, Elsewhere)
    values = torch.zeros(1, 8, 8, 3)
    inner = front.inner(values.to("meta"), torch.ones_like(values, dtype=torch.bool, device="meta"))
    assert inner.device.type == "meta"
    with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor"):
        front(values, torch.ones_like(values, dtype=torch.bool))  # it got as far as the way back


def test_on_the_cpu_there_is_no_front_and_no_copy(model):
    assert called_from_here(model.train()) is model
    assert brought_here(model) is model
    assert not model.training
