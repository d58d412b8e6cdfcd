"""
Searching for settings: grid search and successive halving
==========================================================

scikit-learn's searches take the reader of whole numbers like any other estimator. Folds keep the
share of each number length, and the score may be the coverage at a required accuracy.
"""

# %%
# Numbers
# -------
# A search fits many times, so each fit should be quick: handwritten digits of scikit-learn are put
# at random places on small canvases. If the environment variable ``SKSVHN_DATA`` names a folder
# with ``svhn/train.tar.gz``, its first 2,000 numbers are used, shrunk to 24 pixels.

import os
from pathlib import Path

from sklearn.datasets import load_digits

from sksvhn.datasets import load_svhn_numbers, make_digit_sequences

if folder := os.environ.get("SKSVHN_DATA"):
    source = "Real numbers, from SVHN's published test set"
    X, y = load_svhn_numbers(
        Path(folder, "svhn", "train.tar.gz"), image_size=(24, 24), color="grey", return_X_y=True
    )
    X, y = X[:2000], y[:2000]
else:
    source = "Numbers of scikit-learn's digits on a canvas"
    digits = load_digits()
    X, y = make_digit_sequences(
        (digits.images * (255 / 16)).astype("uint8"),
        digits.target,
        layout="canvas",
        canvas_size=(16, 24),
        max_length=2,
        length_distribution="uniform",
        n_samples=1800,
        random_state=0,
        return_X_y=True,
    )
what = f"{source}, {len(X):,} in three folds"
print(f"{what}, of {X.shape[1]}x{X.shape[2]} pixels")

# %%
# Grid search
# -----------
# scikit-learn's stratified folds would treat every number as a class, and many of SVHN's numbers
# occur once. `NumberKFold` gives each fold the same share of each length. Two scores are recorded:
# the share of whole numbers that are right, and the share that needs no second look at an accuracy
# of 90 %.

import pandas as pd
from sklearn.model_selection import GridSearchCV

from sksvhn import Architecture, SVHNSequenceClassifier
from sksvhn.metrics import coverage_at_accuracy_score, make_confidence_scorer
from sksvhn.model_selection import NumberKFold

clf = SVHNSequenceClassifier(
    architecture=Architecture(stem=None),
    channels=((16,), (32,)),
    n_views=1,
    batch_size=32,
    max_epochs=12,
    random_state=0,
)
search = GridSearchCV(
    clf,
    {"lr": [0.03, 0.1], "augmentation": [0.0, 0.3]},
    scoring={
        "right": "accuracy",
        "coverage at 90 %": make_confidence_scorer(coverage_at_accuracy_score, accuracy=0.9),
    },
    refit="right",
    cv=NumberKFold(3, shuffle=True, random_state=0),
)
search.fit(X, y)
print(what)
table = pd.DataFrame(search.cv_results_)
table = table[
    [
        "param_augmentation",
        "param_lr",
        "mean_test_right",
        "std_test_right",
        "mean_test_coverage at 90 %",
    ]
]
table.style.hide().format(precision=3)

# %%
# The best settings were fitted again to all numbers, and the search predicts with them. They were
# chosen by their score, so the score flatters them a little: reliable figures come from numbers
# that were in no fold.

print(f"best: {search.best_params_}, {search.best_score_:.1%} right, mean of three folds")
print(f"read: {search.predict(X[:5])}, numbers: {y[:5]}")

# %%
# Successive halving
# ------------------
# Many bad settings can be recognised early. Successive halving gives all candidates a few epochs,
# only the better half of them twice as many, and so on. The resource is `max_epochs`: the learning
# rate of each fit rises and falls within its epochs.

from scipy.stats import loguniform
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV

halving = HalvingRandomSearchCV(
    clf,
    {
        "lr": loguniform(0.003, 0.3),
        "channels": [((8,), (16,)), ((16,), (32,)), ((32,), (64,))],
        "augmentation": [0.0, 0.3, 1.0],
    },
    resource="max_epochs",
    n_candidates=6,
    min_resources=4,
    max_resources=16,
    factor=2,
    cv=NumberKFold(3, shuffle=True, random_state=0),
    random_state=0,
)
halving.fit(X, y)
best = halving.best_params_
print(f"rate {best['lr']:.3f}, channels {best['channels']}, augmentation {best['augmentation']}")

# %%
# Each line is one setting. A blue line ends where its setting was given up; orange lines reached
# the end.

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
results = pd.DataFrame(halving.cv_results_)
names = ["param_lr", "param_channels", "param_augmentation"]
for _, candidate in results.groupby(results[names].astype(str).agg(" ".join, axis=1)):
    last = candidate["n_resources"].max() == results["n_resources"].max()
    ax.plot(
        candidate["n_resources"],
        candidate["mean_test_score"],
        "o-",
        color="#D55E00" if last else "#0072B2",
        alpha=1 if last else 0.6,
    )
ax.set(xscale="log", xlabel="Epochs", ylabel="Whole numbers right, mean of 3 folds")
ax.set_xticks(sorted(results["n_resources"].unique()), minor=False)
ax.xaxis.set_major_formatter("{x:.0f}")
ax.minorticks_off()
ax.yaxis.set_major_formatter("{x:.0%}")
ax.spines[["top", "right"]].set_visible(False)
_ = figure.suptitle(what, fontsize=10)

# %%
# The whole way as one estimator
# ------------------------------
# Preprocessing, here the size of the pictures, is searched together with the reader, as steps of a
# pipeline. The output is the share of whole numbers that are right in each fold.

from sklearn.pipeline import make_pipeline

from sksvhn.preprocessing import ImageResizer

pipe = make_pipeline(ImageResizer(), clf.set_params(**search.best_params_))
sizes = GridSearchCV(
    pipe,
    {"imageresizer__image_size": [(8, 12), (16, 24)]},
    cv=NumberKFold(3, shuffle=True, random_state=0),
)
sizes.fit(X, y)
print(what)
folds = zip(*(sizes.cv_results_[f"split{fold}_test_score"] for fold in range(3)), strict=True)
for image_size, scores in zip(
    sizes.cv_results_["param_imageresizer__image_size"], folds, strict=True
):
    height, width = image_size
    print(f"{height} x {width}: " + ", ".join(f"{score:.1%}" for score in scores))
