"""
How deep a network should be
============================

Dense and convolutional networks of one to seven layers read whole numbers. A published course work,
C on the results page, drew this chart for SVHN; here it is drawn again. It starts with a network of
one layer: logistic regression.
"""

# %%
# One layer
# ---------
# Logistic regression is a network with one layer. Course work C fitted scikit-learn's, untuned, to
# 20,000 letters of notMNIST, A to J, and read 89 % (C3). If the environment variable
# ``SKSVHN_DATA`` names a folder with the files of ``notmnist``, they are read; otherwise the same
# letters are drawn.

import os
from pathlib import Path

from sksvhn import SVHNLogisticRegression
from sksvhn.datasets import load_mnist, load_svhn_numbers, make_digit_sequences, make_street_numbers
from sksvhn.metrics import bootstrap_interval, sequence_accuracy_score

folder = os.environ.get("SKSVHN_DATA")
if folder:
    source = "notMNIST"
    letters, y = load_mnist(Path(folder, "notmnist"), subset="test", letters=True, return_X_y=True)
else:
    source = "Generated letters"
    letters, y = make_street_numbers(
        2500,
        alphabet="ABCDEFGHIJ",
        max_length=1,
        image_size=(28, 28),
        color=False,
        random_state=0,
        n_jobs=-1,
        return_X_y=True,
    )
n_test = len(y) // 5
print(f"{source}, {len(y) - n_test:,} to train on, {n_test:,} to test")
for features in ("pixels", "hog"):
    clf = SVHNLogisticRegression(features=features).fit(letters[:-n_test], y[:-n_test])
    interval = bootstrap_interval(
        sequence_accuracy_score, y[-n_test:], clf.predict(letters[-n_test:]), random_state=0
    )
    print(f"  {features}: {interval.estimate:.1%} ({interval.low:.1%} to {interval.high:.1%})")

# %%
# 95 % intervals are in brackets. notMNIST's letters are all light on dark. In drawn pictures, as in
# those of a street, a letter may also be dark on light, and no weighted sum of pixels is the same
# for both. It takes features that are the same for both, such as histograms of oriented gradients
# (``"hog"``), or layers that learn them.

# %%
# The numbers
# -----------
# Now whole numbers. With ``SKSVHN_DATA``, they are 4,000 of ``svhn/train.tar.gz`` and 1,000 of
# ``svhn/test.tar.gz``; both are parts of SVHN's published *test* set. Otherwise, handwritten digits
# are put at random places on small canvases; a few thousand are enough to learn from.

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

if folder:
    source = "Real numbers, from SVHN's published test set"
    grey = {"image_size": (32, 32), "color": "grey", "return_X_y": True}
    X_train, y_train = load_svhn_numbers(Path(folder, "svhn", "train.tar.gz"), **grey)
    X_test, y_test = load_svhn_numbers(Path(folder, "svhn", "test.tar.gz"), **grey)
    X_train, y_train = X_train[:4000], y_train[:4000]
else:
    source = "Numbers of scikit-learn's digits on a canvas"
    digits = load_digits()
    *images, y_single, y_single_test = train_test_split(
        (digits.images * (255 / 16)).astype("uint8"), digits.target, test_size=0.3, random_state=0
    )
    canvas = {
        "layout": "canvas",
        "canvas_size": (20, 36),
        "max_length": 3,
        "length_distribution": "uniform",
        "return_X_y": True,
    }
    X_train, y_train = make_digit_sequences(
        images[0], y_single, n_samples=4000, random_state=0, **canvas
    )
    X_test, y_test = make_digit_sequences(
        images[1], y_single_test, n_samples=1000, random_state=1, **canvas
    )
what = f"{source}, {len(X_train):,} to train on, {len(X_test):,} to test"
print(f"{what}, of {X_train.shape[1]}x{X_train.shape[2]} pixels")

# %%
# The networks
# ------------
# The outputs count as a layer: a network of one layer has no hidden layer, and is a logistic
# regression of the length and of each position. Dense layers are 128 to 16 units wide. From four
# layers on, there is also a network whose first three layers are convolutions. C trained for
# 100,000 steps of plain gradient descent, on 230,070 numbers; here, a few hundred steps of Adam
# have to suffice.

import pandas as pd

from sksvhn import SVHNSequenceClassifier

settings = {
    "architecture__head": "dense",
    "architecture__stem": None,
    "architecture__kernel_size": 4,
    "normalization": None,
    "architecture__weight_init": "xavier",
    "architecture__per_image_standardization": True,
    "augmentation": 0,
    "optimizer": "adam",
    "lr": 0.001,
    "training__lr_schedule": "exponential",
    "training__ema_decay": 0,
    "weight_decay": 0.0005,
    "batch_size": 100,
    "random_state": 0,
}
widths = (128, 128, 128, 64, 64, 16)
networks = {}
for depth in range(1, 8):
    networks["dense", depth] = SVHNSequenceClassifier().set_params(
        channels=(), hidden_layer_sizes=widths[: depth - 1], max_epochs=20, **settings
    )
for depth in range(4, 8):
    networks["convolutional", depth] = SVHNSequenceClassifier().set_params(
        channels=((16,), (32,), (64,)),
        hidden_layer_sizes=widths[3 : depth - 1],
        max_epochs=12,
        **settings,
    )
rows = []
for (kind, depth), clf in networks.items():
    clf.fit(X_train, y_train)
    found = clf.predict(X_test)
    interval = bootstrap_interval(sequence_accuracy_score, y_test, found, random_state=0)
    rows.append(
        {"network": kind, "layers": depth, "training": clf.score(X_train, y_train)}
        | {"test": interval.estimate, "95 % from": interval.low, "to": interval.high}
    )
table = pd.DataFrame(rows)

# %%
# The chart
# ---------
# Lines with dots are test numbers, with 95 % intervals; dotted lines are training numbers.

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for kind, color in (("dense", "#0072B2"), ("convolutional", "#D55E00")):
    part = table[table["network"] == kind]
    ax.plot(part["layers"], part["training"], ":", color=color)
    ax.plot(part["layers"], part["test"], "o-", color=color)
    ax.fill_between(part["layers"], part["95 % from"], part["to"], color=color, alpha=0.15, lw=0)
    ax.annotate(
        kind,
        (7, part["test"].iloc[-1]),
        xytext=(10, 0),
        textcoords="offset points",
        color=color,
        va="center",
    )
ax.set(xlabel="Layers", ylabel="Whole numbers right", ylim=(0, 1.02))
ax.yaxis.set_major_formatter("{x:.0%}")
ax.spines[["top", "right"]].set_visible(False)
_ = figure.suptitle(what, fontsize=10)

# %%
# The first hidden dense layer gains most. A few more layers improve the training numbers, but
# hardly the new ones: each weight belongs to one pixel, so a digit has to be learned again at every
# place. Convolutions look for the same strokes everywhere. After the few epochs here, the deepest
# networks read even the training numbers less well. With its long training, course work C published
# 60 % for one layer, 89.3 % for two, and finally 90 % for dense layers and 95 % with convolutions.

print(what)
table.style.hide().format("{:.1%}", subset=["training", "test", "95 % from", "to"])
