"""Training throughput: contenders train the same networks on the same pictures in turns.

A trainer returns the seconds of its timed epochs and how many weights and running statistics it
trained. What it does once, before its first epoch, isn't timed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from .problems import PROBLEMS, SEQUENCE
from .turns import Job, Record

DIGITS = tuple(name for name in PROBLEMS if name != SEQUENCE)
ALL = tuple(PROBLEMS)


@dataclass(frozen=True)
class Contender:
    """A way to train, and which of ours it is compared with."""

    name: str
    what: str
    #: Module here and its function, imported by the child process alone.
    trainer: str
    networks: tuple[str, ...]
    against: str = "sksvhn"
    needs: tuple[str, ...] = ()

    def is_installed(self) -> bool:
        """Whether the packages are there that it needs."""
        return all(find_spec(package) for package in self.needs)


CONTENDERS = (
    Contender(
        "PyTorch loop",
        "float32; all pictures in one tensor, batches by shuffled indices; sequence: the same "
        "module, on pictures standardised and resized beforehand, without augmentation",
        "with_torch.plain_loop",
        ALL,
    ),
    Contender(
        "skorch",
        "NeuralNetClassifier with its defaults but shuffle=True and train_split=None, so that it "
        "does what the others do; networks and pictures of the PyTorch loop",
        "with_skorch.fit",
        ALL,
    ),
    Contender(
        "Keras",
        "on TensorFlow, Model.fit with its defaults; sequence: its layers written in Keras, on the "
        "pictures of the PyTorch loop",
        "with_keras.fit",
        ALL,
        needs=("keras", "tensorflow"),
    ),
    Contender(
        "scikit-learn",
        "MLPClassifier on float32; E2 without dropout and batch normalisation, which it lacks",
        "with_scikit_learn.fit",
        ("E1", "E2"),
    ),
    Contender(
        "bare loop",
        "the module, memory layout, precision and optimiser of sksvhn; pictures standardised and "
        "resized beforehand, without augmentation, weight average, schedule and scores",
        "with_torch.bare_loop",
        (SEQUENCE,),
        against="sksvhn, not augmenting",
    ),
    Contender(
        "bare loop, augmenting",
        "the same; each batch is standardised, augmented and resized by sksvhn's functions",
        "with_torch.bare_augmenting_loop",
        (SEQUENCE,),
    ),
    Contender(
        "sksvhn, not augmenting",
        "augmentation=0; each batch is standardised and resized; weight average, schedule, scores",
        "with_sksvhn.fit_plain",
        (SEQUENCE,),
    ),
    Contender(
        "sksvhn",
        "E1 to E4: published.py's constructors, on uint8 pictures; sequence: the defaults",
        "with_sksvhn.fit",
        ALL,
    ),
)


def jobs(networks: Sequence[str], n_samples: int) -> list[Job]:
    """All contenders in turns on each network."""
    return [
        Job("train", network, contender.name, measure, (contender.trainer, network, n_samples))
        for network in networks
        for contender in CONTENDERS
        if network in contender.networks and contender.is_installed()
    ]


def measure(trainer: str, network: str, n_samples: int) -> Record:
    """Train a network for its number of epochs, and check that it is the network meant."""
    module, function = trainer.split(".")
    measured = getattr(import_module(f".{module}", __package__), function)(network, n_samples)
    n_values, expected = measured["n_values"], PROBLEMS[network].n_values
    # MLPClassifier has neither the batch normalisation nor the dropout of E2.
    if n_values != expected and (module, network) != ("with_scikit_learn", "E2"):
        raise ValueError(f"{trainer} trained {n_values} values of {network}; expected {expected}.")
    seconds = measured["seconds"]
    return measured | {"pictures a second": n_samples * len(seconds) / sum(seconds)}


def timed(epoch: Callable[[], None], n_epochs: int) -> list[float]:
    """Seconds of some epochs, after one that isn't counted."""
    epoch()
    seconds = []
    for _ in range(n_epochs):
        start = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - start)
    return seconds
