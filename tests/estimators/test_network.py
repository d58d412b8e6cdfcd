"""What networks make of features."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from sksvhn.estimators._architecture import NetworkSpec
from sksvhn.estimators._network import (
    DenseFeatures,
    DigitNetwork,
    SequenceNetwork,
    blanks_to_lengths,
)

from .test_layers import architecture


def test_blanks_at_the_end_are_lengths() -> None:
    torch.manual_seed(0)
    n_positions, n_characters = 3, 2
    logits = torch.randn(1, n_positions, n_characters + 1, dtype=torch.float64) * 2
    p = logits.softmax(dim=2)[0].numpy()
    joint = {}
    for codes in product(range(n_characters + 1), repeat=n_positions):
        length = sum(code < n_characters for code in codes)
        if length and all(code < n_characters for code in codes[:length]):
            joint[codes[:length]] = np.prod([p[i, code] for i, code in enumerate(codes)])
    total = sum(joint.values())
    length, characters = blanks_to_lengths(logits)
    p_length = length.softmax(dim=1)[0].numpy()
    p_characters = characters.softmax(dim=2)[0].numpy()
    for number, probability in joint.items():
        factors = np.prod([p_characters[i, code] for i, code in enumerate(number)])
        np.testing.assert_allclose(p_length[len(number) - 1] * factors, probability / total)


def tiles(**params: object) -> NetworkSpec:
    return architecture(channels=((4,),), head="tiles", hidden_layer_sizes=(8,), **params)


def test_every_tile_is_read_by_the_same_layers() -> None:
    torch.manual_seed(0)
    network = SequenceNetwork(
        (8, 24, 1), tiles(), max_length=3, n_characters=10, blank_class=True
    ).eval()
    pictures = torch.randn(2, 1, 8, 24)
    _, characters = network(pictures)
    _, moved = network(pictures.roll(8, dims=3))
    torch.testing.assert_close(moved, characters.roll(1, dims=1))
    changed = pictures.clone()
    changed[..., :8] = 0
    torch.testing.assert_close(network(changed)[1][:, 1:], characters[:, 1:])
    assert not torch.equal(network(changed)[1][:, 0], characters[:, 0])


@pytest.mark.parametrize("size", [(1, 1), (1, 3), (2, 1)])
def test_gradients_of_pictures_smaller_than_the_stride_are_set(size: tuple[int, int]) -> None:
    design = architecture(channels=((16,),), stem=(5, 4), pooling=None, head="dense")
    features = DenseFeatures((*size, 1), design, n_vectors=1)
    for _ in range(20):
        with torch.autocast("cpu", torch.bfloat16):
            total = features(torch.ones(2, 1, *size)).float().sum()
        spoilt = [torch.full((n,), torch.nan) for n in range(1, 3000, 29)]
        del spoilt  # where gradients left unset will lie
        features.zero_grad()
        total.backward()
        assert all(p.grad.isfinite().all() for p in features.parameters())


def test_gradients_of_flat_features_have_channels_last() -> None:
    head = DenseFeatures((4, 4, 1), architecture(channels=((3,),), head="dense"), n_vectors=1)
    features = torch.randn(2, 3, 2, 2).contiguous(memory_format=torch.channels_last)
    features.requires_grad_()
    factors = torch.randn(2, 12)
    passed: list[torch.Tensor] = []
    flat = head._pooled(features)
    features.register_hook(passed.append)
    (flat * factors).sum().backward()
    assert passed[0].is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(features.grad, factors.view(2, 3, 2, 2), rtol=0, atol=0)


def test_shapes_of_all_heads() -> None:
    for head in ("attention", "dense", "tiles"):
        for blank_class in (False, True):
            network = SequenceNetwork(
                (8, 24, 3),
                architecture(channels=((4,),), head=head, hidden_layer_sizes=(8,)),
                max_length=3,
                n_characters=10,
                blank_class=blank_class,
            )
            length, characters = network(torch.zeros(2, 3, 8, 24))
            assert length.shape == (2, 3)
            assert characters.shape == (2, 3, 10)
            assert (network.length is None) == blank_class


def test_loss_measures_and_readings_of_numbers_agree() -> None:
    torch.manual_seed(0)
    spec = architecture(channels=((4,),))
    network = SequenceNetwork((8, 8, 1), spec, max_length=2, n_characters=3)
    outputs = (torch.randn(50, 2).double(), torch.randn(50, 2, 3).double())
    codes, lengths = network.read(outputs)
    length, positions = (logits.log_softmax(dim=-1) for logits in outputs)
    short = length[:, :1] + positions[:, 0]
    long = (length[:, 1, None, None] + positions[:, 0, :, None] + positions[:, 1, None]).flatten(1)
    best = torch.cat([short, long], dim=1).max(dim=1).values
    targets = (torch.where(torch.arange(2) < lengths[:, None], codes, -1), lengths)
    parts = network.log_probabilities(outputs, targets)
    torch.testing.assert_close(parts.sum(dim=1), best)
    assert (parts[lengths == 1, 2] == 0).all()
    torch.testing.assert_close(network.loss(outputs, targets), -best)
    values, counts = network.measures(outputs, targets)
    assert (values[:, 0] == 1).all()
    torch.testing.assert_close(values[:, 1::2], -parts)
    assert counts[:, 3:5].all()
    assert torch.equal(counts[:, 5], lengths == 2)


def test_loss_measures_and_readings_of_digits_agree() -> None:
    logits, codes = torch.tensor([[0.0, 3.0, 1.0], [5.0, 0.0, 0.0]]), torch.tensor([1, 2])
    network = DigitNetwork((8, 8, 1), architecture(channels=((4,),)), n_classes=3)
    assert network.read([logits])[0].tolist() == [1, 0]
    values, counts = network.measures([logits], (codes,))
    assert values.tolist() == [[True], [False]]
    assert counts.all()
    expected = -network.log_probabilities([logits], (codes,))[:, 0]
    torch.testing.assert_close(network.loss([logits], (codes,)), expected)
