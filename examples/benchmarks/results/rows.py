"""The five systems, row by row: what they published, and which of our jobs stand beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One row: published settings and figure, and ours."""

    name: str
    what: str
    published: str
    #: Names of the jobs with the row's own settings, and with our defaults.
    settings: str
    defaults: str


@dataclass(frozen=True)
class System:
    """One system."""

    title: str
    #: On which data it was published, and which stand in here.
    text: str
    rows: tuple[Row, ...]


GREY = (
    "published on `SVHN_single_grey1.h5` with 42,000 training and 18,000 test digits; here, a file "
    "with the same layout whose digits all come from SVHN's published test set, split by photograph"
)

SYSTEMS = (
    System(
        "A: a deep perceptron, without and with batch normalisation",
        f"Grey digits, {GREY}. [Why A1 does not learn](digits.md#a-deep-network-that-does-not-"
        "learn-and-what-batch-normalisation-changes).",
        (
            Row("A1", "4096-1024-256-64-16, SGD", "12.7", "A1", "MLP, grey digits"),
            Row("A2", "with batch normalisation", "64.34", "A2", "MLP, grey digits"),
        ),
    ),
    System(
        "B: strips of MNIST, colour digits",
        "B1 writes one to four of MNIST's digits side by side in a strip of five tiles, with its "
        "training digits to train on and its test digits to score. A network reads tile by tile. "
        "Whole strips count here. B2 was published on SVHN's format 2 (73,257 training digits) and "
        "scored on 2,000; here, fewer are used, all from the published test set. B3 is "
        "[further down](#b3-your-own-photographs).",
        (
            Row("B1", "conv 32, 64, dense 128", "none", "B1", "reader, MNIST strips"),
            Row("B2", "conv 16, 32, 64, 128, dense 256", "92", "B2", "CNN, colour digits"),
        ),
    ),
    System(
        "C: whole numbers, networks by depth, letters, tables",
        "C1 and C2 were published with 230,070 training numbers (train and extra) and 13,068 to "
        "score; here, grey crops from the published test set are used, and once 200,000 generated "
        "numbers stand in for those we lack. C3 was published on 20,000 letters of notMNIST; here, "
        "10,000 are used, and a fifth of them is scored. C2 is a study of depths "
        "[in a table of its own](#c2-networks-by-depth), and C4 is "
        "[tables of the data](#c4-the-data-in-tables).",
        (
            Row("C1", "conv 16, 32, 64, dense 128-64-16", "95.3", "C1", "reader, all"),
            Row(
                "C1",
                "the same, and 200,000 generated numbers",
                "95.3",
                "C1, 200,000 generated",
                "reader, all",
            ),
            Row("C3", "logistic regression", "89", "C3", "CNN, notMNIST letters"),
        ),
    ),
    System(
        "D: numbers by a deeper network, MNIST on a canvas",
        "D1 was published on the 33,402 numbers of SVHN's train set in colour, enlarged "
        "twentyfold; here, the same grey crops as for C1, of 64x64, are used, once with 25,000 "
        "generated numbers for those we lack. Besides its 92.36 %, D1 published 97.67 % of "
        "lengths, 95.67, 95.31 and 94.51 % of the digits at positions 1 to 3, and 92.48 % with "
        "random crops. D2 "
        "writes the values of these numbers with MNIST's digits on white canvases of 64x64, in "
        "the network of D1. D3 (random crops and colour jitter while training, data on disk, "
        "TensorBoard) and D4 (histograms, filters and activations) have no accuracy of their own: "
        "[data larger than memory](large_data.md), [TensorBoard](tensorboard.md) and the example "
        "[inside the network](../examples/gallery/plot_07_inside_the_network.py) show them.",
        (
            Row("D1", "conv 48, 64, 128, 160, 192, 192, centre crop", "92.36", "D1", "reader, all"),
            Row(
                "D1",
                "the same, and 25,000 generated numbers",
                "92.36",
                "D1, 25,000 generated",
                "reader, all",
            ),
            Row("D2", "the same network", "none", "D2", "reader, MNIST canvases"),
        ),
    ),
    System(
        "E: two perceptrons and two convolutional networks",
        f"Grey digits, {GREY}. E1 and E3 were scored on the last fifth of the training digits, E2 "
        "and E4 on the test digits; ours all on the test digits.",
        (
            Row("E1", "MLP 64-32", "68.4, validation", "E1", "MLP, grey digits"),
            Row("E2", "MLP 256-128-64-64-32", "79", "E2", "MLP, grey digits"),
            Row("E3", "CNN 16, 32", "86.7, validation", "E3", "CNN, grey digits"),
            Row("E4", "CNN 16, 32 / 32, 64", "91", "E4", "CNN, grey digits"),
        ),
    ),
)

# Layers of C2 (the outputs are one) with their published figures, where there are any.
DEPTHS = {1: "60", 2: "89.3"}

# Numbers of labelled pictures of the learning curve, which ends with all of them.
CURVE = (50, 100, 200, 500, 1000, 2000, 4000)
# Of these, up to which a share of the pretrained weights helped on other training numbers.
FEW = 2_000
