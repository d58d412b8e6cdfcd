"""
Which answers to believe: calibration, rejection, candidates
============================================================

A reader that knows when it is unsure is worth more than one that is right a little more often. This
example shows how good its confidence is, how to improve it, where to set a threshold, and what a
list of possible numbers gains.
"""

# %%
# Train, calibrate, validate, test
# --------------------------------
# What is learned after training has pictures of its own: some calibrate, others set the threshold.
# If the environment variable ``SKSVHN_DATA`` names a folder with ``svhn/train.tar.gz`` and
# ``svhn/test.tar.gz``, they are read. Otherwise, numbers are drawn.

import os
from pathlib import Path

from sksvhn import SVHNSequenceClassifier
from sksvhn.datasets import load_svhn_numbers, make_street_numbers

if folder := os.environ.get("SKSVHN_DATA"):
    source = "Real numbers, from SVHN's published test set"
    size = {"image_size": (48, 48), "color": "grey", "n_jobs": -1}
    numbers = load_svhn_numbers(Path(folder, "svhn", "train.tar.gz"), **size)
    test = load_svhn_numbers(Path(folder, "svhn", "test.tar.gz"), **size)
else:
    source = "Generated numbers"
    size = {"image_size": (48, 48), "color": False, "n_jobs": -1}
    numbers = make_street_numbers(6000, random_state=0, **size)
    test = make_street_numbers(1000, random_state=1, **size)
X_train, y_train = numbers.images[:-1500], numbers.target[:-1500]
X_cal, y_cal = numbers.images[-1500:-1000], numbers.target[-1500:-1000]
X_val, y_val = numbers.images[-1000:], numbers.target[-1000:]
clf = SVHNSequenceClassifier(channels=((24, 24), (48, 48), (96, 96)), max_epochs=14, random_state=0)
clf.fit(X_train, y_train)
read, sure = clf.predict(test.images, return_confidence=True)
print(f"{source}: {len(y_train)} to train on, {len(y_cal)} to calibrate, {len(y_val)} to validate")
print(f"{(read == test.target).mean():.1%} of {len(read)} test numbers are read rightly")

# %%
# Is it as sure as it is right?
# -----------------------------
# 70 % of the readings that are 70 % sure should be right. The reliability diagram compares
# confidence and accuracy, and the expected calibration error (ECE) is their mean distance. Above
# the diagonal, the reader is better than it says. `calibrate` learns two temperatures from pictures
# that were not trained on, one for the length and one for the digits. The logarithms of all
# probabilities are divided by them. Temperatures below 1 make the reader surer.

from sksvhn.plotting import ReliabilityDisplay

display = ReliabilityDisplay.from_predictions(
    test.target, read, sure, n_bins=10, strategy="quantile", name="before"
)
clf.calibrate(X_cal, y_cal)
read, sure = clf.predict(test.images, return_confidence=True)
ReliabilityDisplay.from_predictions(
    test.target, read, sure, n_bins=10, strategy="quantile", name="calibrated", ax=display.ax_
)
display.ax_.set_title(source, fontsize=10)
length, digits = clf.temperatures_
print(f"temperatures: {length:.2f} of the length, {digits:.2f} of the digits")

# %%
# Reject what is not sure enough
# ------------------------------
# A threshold at which the validation pictures just reach the required accuracy fails on new
# pictures about half of the time. `min_confidence_for_accuracy` finds one that keeps its promise in
# nine of ten draws of the validation pictures. It needs MAPIE, which the extra ``guarantee``
# installs.

from sksvhn.model_selection import min_confidence_for_accuracy

wanted = 0.95
read_val, sure_val = clf.predict(X_val, return_confidence=True)
limit = min_confidence_for_accuracy(y_val, read_val, sure_val, accuracy=wanted)
careful = clf.set_params(min_confidence=limit).predict(test.images)
kept = careful != ""
print(source)
print(f"at least {limit:.0%} sure: {kept.sum()} of {len(kept)} test numbers")
print(f"right of these: {(careful == test.target)[kept].mean():.1%}")

# %%
# Rejected readings are empty. These are the readings before rejection, and their confidence:

import numpy as np

from sksvhn.plotting import ReadingsDisplay

rejected = np.flatnonzero(~kept)[:16]
display = ReadingsDisplay.from_predictions(
    test.images[rejected], test.target[rejected], read[rejected], sure[rejected]
)
_ = display.figure_.supxlabel(f"Rejected. {source}", fontsize=9)

# %%
# The numbers there can be
# ------------------------
# A map maker knows the addresses of a street, and a parcel service knows the destination of a
# parcel. The network's factors give the probability of *any* number, so a picture can be matched
# with a list. The hard case is a list of neighbours, which differ in one digit: here, ten houses on
# one side of the street, with the right one at a random place among them.

clf.set_params(min_confidence=0)
rng = np.random.default_rng(0)
streets = []
for number in test.target:
    first = max(int(number) - 2 * rng.integers(10), int(number) % 2 or 2)
    street = [str(house) for house in range(first, first + 20, 2)]
    streets.append(street if number in street else [number, *street[1:]])
ranked = clf.rank_candidates(test.images, streets)
print(f"any number: {(read == test.target).mean():.1%} right")
print(f"one of ten neighbours: {(ranked.best == test.target).mean():.1%} right")

# %%
# With the list, more readings need no second look:

from sksvhn.plotting import CoverageDisplay

display = CoverageDisplay.from_predictions(
    test.target, read, sure, accuracy=wanted, name="any number"
)
posterior = [max(found) for found in ranked.posterior]
CoverageDisplay.from_predictions(
    test.target,
    ranked.best,
    posterior,
    accuracy=wanted,
    name="one of ten neighbours",
    ax=display.ax_,
)
_ = display.ax_.set_title(source, fontsize=10)

# %%
# Without a list, look at the next most probable numbers. They are exact, not sampled.

best = clf.top_k(test.images[rejected[:5]], k=3)
for truth, numbers, probabilities in zip(
    test.target[rejected[:5]], best.numbers, best.probability, strict=True
):
    answers = ", ".join(f"{n} ({p:.0%})" for n, p in zip(numbers, probabilities, strict=True))
    print(f"{truth:>5}: {answers}")
