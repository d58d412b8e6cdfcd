"""
First numbers read
==================

Fit a classifier to pictures of house numbers, and look at what it reads, how sure it is and where
it is wrong.
"""

# %%
# Pictures and numbers
# --------------------
# `make_street_numbers` draws house numbers on walls and signs, out of focus and in uneven light. It
# needs no photographs and no download. If the environment variable ``SKSVHN_DATA`` names a folder
# with SVHN's ``svhn/train.tar.gz`` and ``svhn/test.tar.gz``, the script reads those instead.

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
# Both are a scikit-learn `Bunch`. ``images`` is a uint8 array. ``target`` holds the numbers as
# strings, which keeps the zero of ``"0210"``. ``frame`` has one row of facts per picture.

print(train.images.shape, train.images.dtype)
print(train.target[:5])
train.frame[["filename", "number", "picture_height", "picture_width"]].head()

# %%
# Fit and predict
# ---------------
# Everything has a default. Here, training is shortened from 80 epochs to 12 and takes about a
# minute.

from sksvhn import SVHNSequenceClassifier

clf = SVHNSequenceClassifier(max_epochs=12, random_state=0)
clf.fit(train.images, train.target)

# %%
# ``predict`` returns whole numbers in the form of the training labels. With ``return_confidence``,
# it also returns the probability that the number is right *as a whole*.

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
# ``support`` is the number of test numbers, or digits, behind each figure.

from sksvhn.metrics import sequence_classification_report

print(source)
print(sequence_classification_report(test.target, numbers, confidence=sure))

# %%
# The learning curves show, epoch by epoch, the length, each position and whole numbers. The scores
# are on training pictures that are changed at random, which makes them harder. Few numbers reach
# the last positions, so these have the least to learn from.

from sksvhn.plotting import LearningCurvesDisplay

LearningCurvesDisplay.from_estimator(clf)

# %%
# Which answers to believe
# ------------------------
# Take the surest readings first. The curve says how many can be taken until too many are wrong.

from sksvhn.plotting import CoverageDisplay

CoverageDisplay.from_predictions(test.target, numbers, sure, accuracy=0.95)

# %%
# The mistakes it was surest of are worth a look. Some are hard to read even for people, and in real
# data the label may be wrong.

ReadingsDisplay.from_predictions(test.images, test.target, numbers, sure, n_mistakes=8)
