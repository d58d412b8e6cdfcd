"""What is trained, each with the rows of the page (A1 to E4) that show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from published import published_digit_networks, published_number_networks

from sksvhn import (
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
    load_pretrained,
)

from .rows import CURVE, FEW

# Of jobs that are trained more than once, to show how far chance goes.
STATES = (0, 1, 2)


@dataclass(frozen=True)
class Job:
    """One estimator on one data set."""

    name: str
    #: Rows of the page that show it; "labels" is the learning curve.
    rows: tuple[str, ...]
    data: str
    #: Makes the estimator for a number of training pictures.
    make: Callable[[int], Any]
    #: Whether training ends once the score of held-out pictures has stood still for a tenth of the
    #: epochs that the settings ask for, which would take days in all.
    until_still: bool = False
    random_states: tuple[int, ...] = (0,)
    #: Only the first so many training pictures; None means all.
    n_train: int | None = None
    #: Generated numbers that are trained on besides, in the place of pictures we lack.
    n_generated: int = 0


def all_jobs() -> list[Job]:
    """Return the jobs: first what gives every row a figure, then what takes longer."""
    return [*quick(), *numbers(), *digits(), *curve()]


def quick() -> list[Job]:
    """Perceptrons and the logistic regression."""
    grey = "grey digits"
    mlp = ("A1", "A2", "E1", "E2")
    return [
        Job("C3", ("C3",), "notMNIST letters", lambda n: SVHNLogisticRegression()),
        _digit_network("E1", grey, random_states=STATES),
        _digit_network("E2", grey, random_states=STATES),
        Job("MLP, grey digits", mlp, grey, lambda n: SVHNMLPClassifier(), random_states=STATES),
        _digit_network("A1", grey, random_states=STATES),
        _digit_network("A2", grey),
    ]


def numbers() -> list[Job]:
    """Readers of whole numbers."""
    real, strips, canvases = "real numbers", "MNIST strips", "MNIST canvases"
    study = [f"C2, {depth} dense" for depth in range(1, 8)]
    study += [f"C2, 3 conv, {depth} dense" for depth in range(1, 5)]
    return [
        Job(
            "reader, all",
            ("labels", "C1", "C2", "D1"),
            real,
            _reader,
            random_states=STATES,
        ),
        _number_network("B1", strips),
        Job("reader, MNIST strips", ("B1",), strips, _reader),
        Job("reader, MNIST canvases", ("D2",), canvases, _reader),
        _number_network("C1", real, until_still=True),
        _with_generated("C1", 200_000),
        _number_network("D1", real, until_still=True),
        _with_generated("D1", 25_000),
        Job("D2", ("D2",), canvases, lambda n: published_number_networks(n)["D1"], True),
        *(_number_network(name, real, until_still=True) for name in study),
    ]


def digits() -> list[Job]:
    """Convolutional networks that read one digit."""
    grey, color, letters = "grey digits", "colour digits", "notMNIST letters"
    return [
        _digit_network("B2", color, until_still=True),
        Job("CNN, colour digits", ("B2",), color, _cnn, random_states=STATES),
        Job("CNN, notMNIST letters", ("C3",), letters, _cnn, random_states=STATES),
        _digit_network("E3", grey, random_states=STATES),
        Job("CNN, grey digits", ("E3", "E4"), grey, _cnn, random_states=STATES),
        _digit_network("E4", grey, random_states=STATES),
    ]


def curve() -> list[Job]:
    """Accuracy by the number of labels, of the first training numbers."""
    jobs = []
    for n in (0, *CURVE, None):
        name = "all" if n is None else n
        if n:
            jobs.append(Job(f"reader, {name}", ("labels",), "real numbers", _reader, n_train=n))
        tuned = f"pretrained reader, {name}"
        jobs.append(Job(tuned, ("labels",), "real numbers", _tuned_reader, n_train=n))
    return jobs


def _digit_network(name: str, data: str, **more: Any) -> Job:
    return Job(name, (name,), data, lambda n: published_digit_networks(n)[name], **more)


def _number_network(name: str, data: str, **more: Any) -> Job:
    row = name.split(",")[0]
    return Job(name, (row,), data, lambda n: published_number_networks(n)[name], **more)


def _with_generated(name: str, n_generated: int) -> Job:
    job = _number_network(name, "real numbers", until_still=True, n_generated=n_generated)
    return replace(job, name=f"{name}, {n_generated:,} generated")


def _cnn(n_train: int) -> SVHNCNNClassifier:
    return SVHNCNNClassifier()


def _reader(n_train: int) -> SVHNSequenceClassifier:
    return SVHNSequenceClassifier()


def _tuned_reader(n_train: int) -> SVHNSequenceClassifier:
    """Return the reader that comes with the package, which trains on from its weights."""
    few = n_train <= FEW
    return load_pretrained("numbers").set_params(
        training__initial_model="numbers",
        training__initial_share=0.5 if few else 0.0,
        lr=0.02 if few else 0.005,
        batch_size=64,
        max_epochs=40,
        # What was trained on more was measured before the reader looked again.
        n_views="adaptive" if few else 3,
    )
