"""
Numbers of handwritten digits: in a row, and anywhere on a canvas
=================================================================

This is the usual first exercise in reading whole numbers: put handwritten digits side by side, and
read them all at once. For digits in a row, one network can look at one tile after the other. On a
canvas, the network has to find the number first.
"""

# %%
# Single digits
# -------------
# scikit-learn has small handwritten digits. If the environment variable ``SKSVHN_DATA`` names a
# folder with the files of MNIST in ``mnist``, those are used. Test numbers are made of other
# pictures of digits than training numbers.

import os
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sksvhn.datasets import load_mnist, make_digit_sequences

if folder := os.environ.get("SKSVHN_DATA"):
    source = "MNIST"
    X_train, y_train = load_mnist(Path(folder, "mnist"), return_X_y=True)
    X_test, y_test = load_mnist(Path(folder, "mnist"), subset="test", return_X_y=True)
else:
    source = "scikit-learn's digits"
    digits = load_digits()
    X_train, X_test, y_train, y_test = train_test_split(
        (digits.images * (255 / 16)).astype(np.uint8), digits.target, test_size=0.3, random_state=0
    )
size = "x".join(map(str, X_train.shape[1:]))
print(f"{source}, {size} pixels: {len(X_train):,} for training numbers, {len(X_test):,} for test")

# %%
# In a row
# --------
# Strips have room for five digits and hold one to four: the tiles after the last digit are blank.

train = make_digit_sequences(X_train, y_train, n_samples=4000, random_state=0)
test = make_digit_sequences(X_test, y_test, n_samples=1000, random_state=1)
what = f"{source}, {len(train.target):,} strips to train on, {len(test.target):,} to test"

# %%
# A published tutorial (B1 on the results page) cut each strip into five tiles and read all of them
# with the same layers: two convolutions and a dense layer. Blank is an eleventh class, and the
# number ends at the first blank. The settings are its own, except that it trains for a thousand
# steps here instead of 10,001.

from sksvhn import Architecture, SVHNSequenceClassifier, Training

tiles = SVHNSequenceClassifier(
    architecture=Architecture(
        head="tiles",
        blank_class=True,
        input_size=None,
        stem=None,
        kernel_size=5,
        weight_init="xavier",
        per_image_standardization=False,
    ),
    max_length=5,
    channels=((32,), (64,)),
    hidden_layer_sizes=(128,),
    dropout=(0, 0.4, 0.4),
    weight_decay=8e-3,
    normalization=None,
    augmentation=0,
    optimizer="adam",
    lr=0.01,
    training=Training(lr_schedule="staircase", lr_decay=0.95, lr_decay_steps=500, ema_decay=0),
    batch_size=32,
    max_epochs=8,
    random_state=0,
)
tiles.fit(train.images, train.target)
print(tiles.summary())

# %%
# A whole number is right only if all of its digits are, so it is right less often than a digit.

from sksvhn.metrics import (
    bootstrap_interval,
    digit_accuracy_score,
    position_accuracy_scores,
    sequence_accuracy_score,
)


def report(name, y_true, y_pred):
    print(f"{name}. {what}")
    for measure, score in (
        ("digits", digit_accuracy_score),
        ("whole numbers", sequence_accuracy_score),
    ):
        value, low, high = bootstrap_interval(score, y_true, y_pred, random_state=0)
        print(f"  {measure}: {value:.1%} ({low:.1%} to {high:.1%})")
    positions = position_accuracy_scores(y_true, y_pred)
    print("  by position: " + ", ".join(f"{score:.1%}" for score in positions))


report("Five tiles", test.target, tiles.predict(test.images))

# %%
# The package's own reader does not know where the tiles are. One attention map per position learns
# to find its digit, and a separate head predicts the length. Here its layers are as narrow as B's.
# For the larger strips of MNIST, so few epochs are not enough: the results page shows it after all
# of its epochs.

attention = SVHNSequenceClassifier(
    architecture=Architecture(input_size=None, stem=None),
    channels=((32,), (64,)),
    max_epochs=8,
    random_state=0,
)
attention.fit(train.images, train.target)
read, sure = attention.predict(test.images, return_confidence=True)
report("Attention", test.target, read)

# %%
# The first test strips and their readings:

import matplotlib.pyplot as plt

from sksvhn.plotting import ReadingsDisplay

display = ReadingsDisplay.from_predictions(
    test.images[:20],
    test.target[:20],
    read[:20],
    sure[:20],
    n_columns=4,
    figure=plt.figure(figsize=(9, 4.5), layout="constrained"),
)
_ = display.figure_.supxlabel(what, fontsize=9)

# %%
# On a canvas
# -----------
# Another course work (D2 on the results page) wrote SVHN's own numbers with MNIST's digits, at a
# random place on a white canvas of 64x64 pixels. With ``SKSVHN_DATA``, the numbers are those of
# ``svhn/train.tar.gz``; otherwise they are drawn, with SVHN's lengths up to four. Sizes vary, too.
#
# The reader now has three stages of convolutions, half as wide as the default.

from sksvhn.datasets import read_digit_struct

if folder:
    numbers = read_digit_struct(Path(folder, "svhn", "train.tar.gz"))["number"]
    written, written_test = numbers[:4000], numbers[4000:5000]
    train = make_digit_sequences(X_train, y_train, layout="canvas", numbers=written, random_state=0)
    test = make_digit_sequences(
        X_test, y_test, layout="canvas", numbers=written_test, random_state=1
    )
else:
    canvas = {"layout": "canvas", "max_length": 4}
    train = make_digit_sequences(X_train, y_train, n_samples=4000, random_state=0, **canvas)
    test = make_digit_sequences(X_test, y_test, n_samples=1000, random_state=1, **canvas)
what = f"{source}, {len(train.target):,} canvases to train on, {len(test.target):,} to test"
clf = SVHNSequenceClassifier(
    channels=((16, 16), (32, 32), (64, 64)), augmentation=0.3, max_epochs=14, random_state=0
)
clf.fit(train.images, train.target, X_val=test.images, y_val=test.target)
read, sure = clf.predict(test.images, return_confidence=True)
report("Anywhere on a canvas", test.target, read)

# %%
# Nobody told the network where the numbers are. It found out, position by position: orange shows
# where each head looks for its digit.

from sksvhn.plotting import AttentionDisplay

three_digits = np.flatnonzero([len(number) == 3 for number in read])[:4]
display = AttentionDisplay.from_estimator(clf, test.images[three_digits])
display.figure_.set_facecolor("0.9")  # on which the canvases show
_ = display.figure_.supxlabel(what, fontsize=9)

# %%
# In the learning curves, thin lines are the length and each position, and the thick line is the
# whole number. Numbers are rarely longer than three digits, so the last positions learn late.
# "Validation" in the legend means the test numbers. They are only watched here: nothing is chosen
# by them.

from sksvhn.plotting import LearningCurvesDisplay

display = LearningCurvesDisplay.from_estimator(clf)
_ = display.figure_.supxlabel(what, fontsize=9)
