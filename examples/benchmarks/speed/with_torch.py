"""Hand-written PyTorch loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from .problems import PROBLEMS, SEQUENCE, number_targets, pictures, standardized
from .training import timed
from .turns import Record
from .with_sksvhn import fitted_sequence_classifier

CHUNK = 256


@dataclass(frozen=True)
class Setup:
    """What a loop needs, as float32 and contiguous tensors."""

    module: nn.Module
    criterion: nn.Module
    optimizer: type[torch.optim.Optimizer]
    optimizer_options: dict[str, float | bool]
    X: Tensor
    y: Tensor

    def make_optimizer(self) -> torch.optim.Optimizer:
        """Build the optimiser of the module's weights."""
        return self.optimizer(self.module.parameters(), **self.optimizer_options)


def set_up(network: str, n_samples: int) -> Setup:
    """Build a network, standardise pictures and encode their labels."""
    X, y = pictures(network, n_samples)
    lr = PROBLEMS[network].lr
    if network != SEQUENCE:
        module = digit_network(network)
        inputs = torch.from_numpy(standardized(X))[:, None]
        return Setup(
            module, nn.CrossEntropyLoss(), torch.optim.Adam, {"lr": lr}, inputs, torch.from_numpy(y)
        )
    clf = fitted_sequence_classifier()
    # Each picture standardised by itself and resized to what the network reads.
    chunks = np.array_split(X[..., None], -(-n_samples // CHUNK))
    inputs = torch.cat([clf.net_.preparation.for_evaluation(chunk) for chunk in chunks])
    codes, lengths = number_targets(y)
    return Setup(
        clf.module_.train().to(memory_format=torch.contiguous_format),
        NumberLoss(clf.module_.loss),
        torch.optim.SGD,
        {"lr": lr, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4},
        inputs.contiguous(),
        torch.from_numpy(np.column_stack([lengths, codes])),
    )


class NumberLoss(nn.Module):
    """Mean loss of numbers; targets hold the length and then the characters of each."""

    def __init__(self, loss_of_each: Callable[..., Tensor]) -> None:
        super().__init__()
        self.loss_of_each = loss_of_each

    def forward(self, outputs: tuple[Tensor, Tensor], y: Tensor) -> Tensor:
        """Mean over the batch."""
        return self.loss_of_each(outputs, (y[:, 1:], y[:, 0])).mean()


def plain_loop(network: str, n_samples: int) -> Record:
    """Train as people write it who know that a DataLoader is slow on whole tensors."""
    setup = set_up(network, n_samples)
    module, criterion, optimizer = setup.module, setup.criterion, setup.make_optimizer()
    X, y, problem = setup.X, setup.y, PROBLEMS[network]

    def epoch() -> None:
        for rows in torch.randperm(len(X)).split(problem.batch_size):
            optimizer.zero_grad()
            loss = criterion(module(X[rows]), y[rows])
            loss.backward()
            optimizer.step()

    return {"seconds": timed(epoch, problem.n_epochs), "n_values": count_values(module)}


def bare_loop(network: str, n_samples: int, *, augmenting: bool = False) -> Record:
    """Train as sksvhn does it, without anything round the steps."""
    setup, problem = set_up(network, n_samples), PROBLEMS[network]
    clf = fitted_sequence_classifier()
    prepare = replace(clf.net_.preparation, foreign_share=0.0).for_training
    amp = clf.amp_
    module, criterion = setup.module.to(memory_format=torch.channels_last), setup.criterion
    optimizer = clf.net_.make_optimizer(module, lr=problem.lr)
    stored, X, y = pictures(network, n_samples)[0][..., None], setup.X, setup.y

    def epoch() -> None:
        for rows in torch.randperm(len(X)).split(problem.batch_size):
            batch = prepare(stored[rows.numpy()], (), 0)[0] if augmenting else X[rows]
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=amp):
                outputs = module(batch.contiguous(memory_format=torch.channels_last))
            loss = criterion(outputs, y[rows])
            loss.backward()
            optimizer.step()

    return {"seconds": timed(epoch, problem.n_epochs), "n_values": count_values(module)}


def bare_augmenting_loop(network: str, n_samples: int) -> Record:
    """Prepare each batch as sksvhn does."""
    return bare_loop(network, n_samples, augmenting=True)


def count_values(module: nn.Module) -> int:
    """Weights and running statistics."""
    return sum(t.numel() for t in module.state_dict().values() if t.is_floating_point())


def digit_network(name: str) -> nn.Sequential:
    """E1 to E4: grey pictures (n, 1, 32, 32) in, logits out."""
    match name:
        case "E1":
            layers = [
                *(nn.Flatten(), nn.Linear(1024, 64), nn.ReLU()),
                *(nn.Linear(64, 32), nn.ReLU()),
            ]
        case "E2":
            layers = [
                *(nn.Flatten(), nn.Linear(1024, 256), nn.ReLU()),
                *(nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.2)),
                *(nn.Linear(128, 64), nn.ReLU()),
                *(nn.Linear(64, 64), nn.ReLU()),
                *(nn.Linear(64, 32), nn.ReLU(), nn.BatchNorm1d(32)),
            ]
        case "E3":
            layers = [
                *(_convolution(1, 16), nn.LeakyReLU(0.1)),
                *(_convolution(16, 32), nn.LeakyReLU(0.1)),
                *(nn.MaxPool2d(2), nn.Flatten()),
                *(nn.Linear(32 * 16 * 16, 32), nn.LeakyReLU(0.1)),
            ]
        case "E4":
            layers = [
                *(_convolution(1, 16), nn.LeakyReLU(0.1)),
                *(_convolution(16, 32), nn.LeakyReLU(0.1)),
                *(nn.MaxPool2d(2), nn.BatchNorm2d(32)),
                *(_convolution(32, 32), nn.LeakyReLU(0.1)),
                *(_convolution(32, 64), nn.LeakyReLU(0.1)),
                *(nn.MaxPool2d(2), nn.BatchNorm2d(64), nn.Flatten()),
                *(nn.Linear(64 * 8 * 8, 32), nn.LeakyReLU(0.1), nn.Dropout(0.5)),
            ]
        case _:
            raise ValueError(f"No network is called {name!r}; there are E1 to E4.")
    return nn.Sequential(*layers, nn.Linear(32, 10))


def _convolution(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, padding=1)
