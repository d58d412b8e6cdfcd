"""
Filters, activations, and where the network looked
==================================================

This example shows what a reader of whole numbers learned, layer by layer: how each of its heads
learned, what the first layer looks for, what later layers make of it, and from which part of a
picture each digit was read.
"""

# %%
# A reader
# --------
# If the environment variable ``SKSVHN_DATA`` names a folder with ``svhn/train.tar.gz`` and
# ``svhn/test.tar.gz``, they are read. Otherwise, numbers are drawn.

import os
from pathlib import Path

from sksvhn import SVHNSequenceClassifier
from sksvhn.datasets import load_svhn_numbers, make_street_numbers

if folder := os.environ.get("SKSVHN_DATA"):
    source = "Real numbers, from SVHN's published test set"
    train = load_svhn_numbers(Path(folder, "svhn", "train.tar.gz"), n_jobs=-1)
    test = load_svhn_numbers(Path(folder, "svhn", "test.tar.gz"), n_jobs=-1)
else:
    source = "Generated numbers"
    grey = {"color": False, "max_length": 4, "n_jobs": -1}
    train = make_street_numbers(4500, random_state=0, **grey)
    test = make_street_numbers(500, random_state=1, **grey)
X, y = train.images[:4000], train.target[:4000]
X_val, y_val = train.images[4000:4500], train.target[4000:4500]
clf = SVHNSequenceClassifier(
    channels=((32, 32), (48, 48), (96, 96)), weight_decay=0.003, max_epochs=14, random_state=0
)
clf.fit(X, y, X_val=X_val, y_val=y_val)
read, sure = clf.predict(test.images, return_confidence=True)
print(f"{source}: {len(X)} to train on, {len(X_val)} to validate with")
print(f"{(read == test.target).mean():.1%} of {len(read)} other numbers are read rightly")

# %%
# How each head learned
# ---------------------
# A whole number is right if its length and all of its digits are. The curves of the heads show what
# holds it back. The accuracy of a position is over the numbers that reach it, which are few for the
# last positions. Training pictures are changed at random before they are scored, which makes them
# harder.

from sksvhn.plotting import LearningCurvesDisplay

display = LearningCurvesDisplay.from_estimator(clf)
_ = display.figure_.suptitle(source, fontsize=10)

# %%
# The callback `sksvhn.callbacks.TensorBoard` shows the same curves during training.

# %%
# What the first layer looks for
# ------------------------------
# Each tile is the 5 x 5 kernel of one convolution, red where it wants light and blue where it wants
# dark: edges and bars at different angles, dots. Some are pale or look like noise: they learned
# nothing in so short a training.

from sksvhn.plotting import FiltersDisplay

display = FiltersDisplay.from_estimator(clf)
_ = display.figure_.suptitle(source, fontsize=10)

# %%
# What the layers make of a picture
# ---------------------------------
# These are the strongest feature maps after each stage, for a long number that the reader was sure
# of. The first stage still shows strokes. The last is coarse, and shows what kind of thing is
# where.

import numpy as np

from sksvhn.plotting import ActivationsDisplay

long_numbers = np.flatnonzero([len(number) >= 3 for number in test.target])
long_numbers = long_numbers[np.argsort(-sure[long_numbers])]
display = ActivationsDisplay.from_estimator(clf, test.images[long_numbers[0]])
_ = display.figure_.supxlabel(source, fontsize=9)

# %%
# Where it looked
# ---------------
# Each position has an attention map, which weights the features in their average: what is far
# outside it does not count. Nobody told the network where the digits are. It learned this from the
# numbers alone.

from sksvhn.plotting import AttentionDisplay

display = AttentionDisplay.from_estimator(clf, test.images[long_numbers[:4]])
_ = display.figure_.supxlabel(source, fontsize=9)

# %%
# Saliency asks another question: how much would each pixel change the probability of the answer? It
# works for every network, but is rougher.

from sksvhn.inspection import saliency_maps

chosen = test.images[long_numbers[:2]]
display = AttentionDisplay(
    chosen,
    [
        maps[: 1 + len(number)]
        for maps, number in zip(saliency_maps(clf, chosen), clf.predict(chosen), strict=True)
    ],
    titles=list(clf.predict(chosen)),
    map_titles=[["length", *number] for number in clf.predict(chosen)],
    name="Saliency",
).plot()
_ = display.figure_.supxlabel(source, fontsize=9)

# %%
# Where it was wrong
# ------------------
# Attention can show the cause of a mistake: a position that looked between two digits, or a part of
# a neighbour that was read as a digit. Here are the mistakes that the reader was surest of. In real
# data, the label may be wrong.

wrong = np.flatnonzero((read != test.target) & [len(number) > 1 for number in read])
wrong = wrong[np.argsort(-sure[wrong])][:3]
display = AttentionDisplay.from_estimator(clf, test.images[wrong])
for axes, number in zip(display.axes_[:, 0], test.target[wrong], strict=True):
    axes.set_title(f"{axes.get_title()}\nis {number}", fontsize=9)
_ = display.figure_.supxlabel(source, fontsize=9)

# %%
# Is low contrast the reason? This is the accuracy by a property of the pictures, with 95 %
# intervals.

from sksvhn.inspection import accuracy_by, picture_properties

properties = picture_properties(test.images)
table = accuracy_by(properties["contrast"], test.target, read, bins=4)
table.style.format("{:.2f}", subset="median").format("{:.1%}", subset=["accuracy", "low", "high"])
