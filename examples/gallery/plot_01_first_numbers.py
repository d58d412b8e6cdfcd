"""
First numbers read
==================

Pictures of house numbers, a classifier fitted to them, and a look at what it reads, how sure it is
and where it is wrong.
"""

# %%
# Pictures and numbers
# --------------------
# `make_street_numbers` draws house numbers on walls and signs, out of focus and in uneven light.
# No photograph and no download is needed. Where the environment variable ``SKSVHN_DATA`` names a
# folder with SVHN's ``svhn/train.tar.gz`` and ``svhn/test.tar.gz``, the script reads those instead.

import os
from pathlib import Path

from sksvhn.datasets import load_svhn_numbers, make_street_numbers

if folder := os.environ.get("SKSVHN_DATA"):
    source = "Real numbers, from SVHN's published test set"
    train = load_svhn_numbers(Path(folder, "svhn", "train.tar.gz"))
    test = load_svhn_numbers(Path(folder, "svhn", "test.tar.gz"))
else:
    source = "Generated numbers"
    train = make_street_numbers(4000, color=False, random_state=0, n_jobs=-1)
    test = make_street_numbers(1000, color=False, random_state=1, n_jobs=-1)
print(f"{source}: {len(train.target)} to train on, {len(test.target)} to test with")

# %%
# Both are a scikit-learn `Bunch`: ``images`` is a uint8 array, ``target`` holds the numbers as
# strings, so that ``"0210"`` keeps its zero. ``frame`` has a row of facts for each picture.

print(train.images.shape, train.images.dtype)
print(train.target[:5])
train.frame[["filename", "number", "picture_height", "picture_width"]].head()

# %%
# Fit and predict
# ---------------
# Everything has a default. Here the training is shortened from 80 epochs to 12, which is why it
# takes about a minute.

from sksvhn import SVHNSequenceClassifier

clf = SVHNSequenceClassifier(max_epochs=12, random_state=0)
clf.fit(train.images, train.target)

# %%
# ``predict`` answers the whole number, in the form of the training labels. With
# ``return_confidence`` it also says how probable it is that the number is right *as a whole*.

numbers, sure = clf.predict(test.images, return_confidence=True)
for picture in range(5):
    print(f"{test.target[picture]} read as {numbers[picture]}, {sure[picture]:.1%} sure")

# %%
# What was read
# -------------

from sksvhn.plotting import ReadingsDisplay

some = slice(24)
ReadingsDisplay.from_predictions(
    test.images[some],
    test.target[some],
    numbers[some],
    sure[some],
)

# %%
# How good it is
# --------------
# One wrong digit makes a wrong number: 3165 for 2165 does not count as three quarters right.
# ``support`` says how many test numbers, or digits, each figure is about.

from sksvhn.metrics import sequence_classification_report

print(source)
print(sequence_classification_report(test.target, numbers, confidence=sure))

# %%
# How it learned, epoch by epoch: the length and the positions by themselves, and whole numbers. The
# scores are on training pictures that are changed at random, which makes them harder. Few numbers
# reach the last positions, which therefore have the least to learn from.

from sksvhn.plotting import LearningCurvesDisplay

LearningCurvesDisplay.from_estimator(clf)

# %%
# Which answers to believe
# ------------------------
# Take the surest readings first. The curve says how many can be taken until too many are wrong.

from sksvhn.plotting import CoverageDisplay

CoverageDisplay.from_predictions(test.target, numbers, sure, accuracy=0.95)

# %%
# The mistakes it was surest of are worth a look: some are hard to read for people, too, and in real
# data it may be the label that is wrong.

ReadingsDisplay.from_predictions(test.images, test.target, numbers, sure, n_mistakes=8)
