"""
Digits: logistic regression, perceptrons, convolutional networks
================================================================

Pictures of one digit each are read by a linear model, by perceptrons and by convolutional networks.
The example shows what each step gains, what happens inside, and what batch normalisation changes.
Some of the networks are from published course work on SVHN, with its own settings; the results page
calls it A and E.
"""

# %%
# Three parts of the data
# -----------------------
# Networks learn from a training set. Settings are chosen on a validation set. The test set is used
# once, at the end: if you choose by it, you report a figure that new pictures will not confirm.
#
# Here, digits are drawn. If the environment variable ``SKSVHN_DATA`` names a folder with SVHN's
# files, grey digits of ``svhn/SVHN_single_grey1.h5`` are read instead. Neighbours in that file
# often come from the same photograph, so it is split without shuffling: with digits of one house in
# two parts, the test would be too easy.

import os
from pathlib import Path

from sksvhn.datasets import load_svhn_h5, make_street_digits
from sksvhn.model_selection import train_validation_test_split

if folder := os.environ.get("SKSVHN_DATA"):
    source = "Real digits, from SVHN's published test set"
    file = Path(folder, "svhn", "SVHN_single_grey1.h5")
    images, target = load_svhn_h5(file, return_X_y=True)
    X_train, X_val, y_train, y_val = images[:3000], images[-1000:], target[:3000], target[-1000:]
    images, target = load_svhn_h5(file, subset="test", return_X_y=True)
    X_test, y_test = images[:1000], target[:1000]
else:
    source = "Generated digits"
    images, target = make_street_digits(
        5000, color=False, random_state=0, n_jobs=-1, return_X_y=True
    )
    X_train, X_val, X_test, y_train, y_val, y_test = train_validation_test_split(
        images, target, validation_size=0.2, test_size=0.2, random_state=0
    )
trained_on = f"{source}, {len(X_train):,} to train on"
on_validation = f"{trained_on}, {len(X_val):,} for validation"
on_test = f"{trained_on}, {len(X_test):,} for test"
print(on_validation, on_test, sep="\n")

# %%
# The baseline
# ------------
# A linear model of the pixels hardly reads them. Digits are light on dark as often as dark on
# light, and no weighted sum of pixels is the same for both. Histograms of oriented gradients are.

from sksvhn import SVHNLogisticRegression

readers = {
    "logistic, pixels": SVHNLogisticRegression(),
    "logistic, gradients": SVHNLogisticRegression(features="hog"),
}
for name, clf in readers.items():
    print(f"{name}: {clf.fit(X_train, y_train).score(X_val, y_val):.1%} of the validation digits")

# %%
# Feed-forward, by hand
# ---------------------
# A perceptron has a layer in between. *Feed-forward* means that pixels go through one layer after
# the other, each of which is a matrix product. Here the rectifier (*ReLU*), which sets negative
# values to 0, follows the first layer, and softmax, which makes probabilities, follows the second.
# A whole batch of pictures is one matrix, with one row per picture.
#
# *Cross-entropy* is the loss: minus the logarithm of the probability of the true digit.
# *Backpropagation* is the chain rule, from the loss back to each weight, and consists of matrix
# products as well.

import numpy as np
from scipy.special import softmax


def feed_forward(weights, X):
    W1, b1, W2, b2 = weights
    hidden = np.maximum(X @ W1 + b1, 0)
    return hidden, softmax(hidden @ W2 + b2, axis=1)


def cross_entropy(weights, X, y):
    probability = feed_forward(weights, X)[1]
    return -np.log(probability[np.arange(len(y)), y]).mean()


def backpropagation(weights, X, y):
    hidden, probability = feed_forward(weights, X)
    d_output = (probability - np.eye(10)[y]) / len(y)
    d_hidden = d_output @ weights[2].T * (hidden > 0)
    return [X.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ d_output, d_output.sum(axis=0)]


# %%
# The weights must not start equal, or all units would learn the same. *Xavier* initialisation draws
# them from a range that keeps the size of the signal from layer to layer.


def xavier(rng, n_in, n_out):
    limit = np.sqrt(6 / (n_in + n_out))
    return rng.uniform(-limit, limit, (n_in, n_out))


def as_rows(X):
    rows = X.reshape(len(X), -1).astype(float)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / rows.std(axis=1, keepdims=True)


rng = np.random.default_rng(0)
weights = [xavier(rng, 1024, 64), np.zeros(64), xavier(rng, 64, 10), np.zeros(10)]

# %%
# A *gradient check* tells whether the formulas are right: move one weight a little in both
# directions, and compare the change of the loss with the result of backpropagation.


def gradient_check(weights, X, y, step=1e-5):
    errors, sizes = [], []
    for array, gradient in zip(weights, backpropagation(weights, X, y), strict=True):
        for place in rng.integers(array.size, size=20):
            index = np.unravel_index(place, array.shape)
            before = array[index]
            array[index] = before + step
            above = cross_entropy(weights, X, y)
            array[index] = before - step
            below = cross_entropy(weights, X, y)
            array[index] = before
            errors.append(abs((above - below) / (2 * step) - gradient[index]))
            sizes.append(abs(gradient[index]))
    return max(errors), max(sizes)


error, size = gradient_check(weights, as_rows(X_train[:100]), y_train[:100])
print(f"largest of 80 derivatives: {size:.1e}; largest difference: {error:.1e}")

# %%
# *Stochastic gradient descent* takes a small batch of pictures at a time and moves all weights a
# step against the gradient.

from sksvhn.plotting import LearningCurvesDisplay

rows, rows_val = as_rows(X_train), as_rows(X_val)
history = []
for epoch in range(30):
    order = rng.permutation(len(rows))
    for batch in np.split(order, range(50, len(rows), 50)):
        gradients = backpropagation(weights, rows[batch], y_train[batch])
        for array, gradient in zip(weights, gradients, strict=True):
            array -= 0.05 * gradient
    entry = {"epoch": epoch + 1}
    for part, X, y in (("train", rows, y_train), ("valid", rows_val, y_val)):
        entry[f"{part}_loss"] = cross_entropy(weights, X, y)
        entry[f"{part}_score"] = np.mean(feed_forward(weights, X)[1].argmax(axis=1) == y)
    history.append(entry)
display = LearningCurvesDisplay(history).plot()
_ = display.figure_.suptitle(f"Forty lines of NumPy. {on_validation}", fontsize=10)

# %%
# In the end it knows most training digits by heart, and its accuracy on validation digits stopped
# improving long before: it *overfits*.

# %%
# Four published networks
# -----------------------
# Course work E tried two perceptrons and two convolutional networks on 60,000 of SVHN's grey
# digits, and published 68.4 % (E1), 79 % (E2), 86.7 % (E3) and 91 % (E4). Their settings are
# constructor parameters. *Dropout* leaves out a random share of a layer's outputs in every step,
# which keeps units from relying on each other. *Batch normalisation* gives each output mean 0 and
# standard deviation 1 over the batch. Fewer digits than theirs make lower figures likely, and the
# convolutional networks get fewer epochs than their 20 and 30, to save time.
#
# Course work E kept the brightness and contrast of each picture. ``as_rows`` above removed both,
# and the package does so by default.

from sksvhn import SVHNCNNClassifier, SVHNMLPClassifier

plain = {  # what course work did not do
    "augmentation": 0.0,
    "architecture__per_image_standardization": False,
    "normalization": None,
    "architecture__weight_init": "xavier",
    "training__lr_schedule": "constant",
    "weight_decay": 0.0,
    "training__ema_decay": 0.0,
    "random_state": 0,
}
perceptron = plain | {"optimizer": "adam", "batch_size": 128}
convolutions = plain | {
    "architecture__stem": None,
    "architecture__head": "dense",
    "hidden_layer_sizes": (32,),
    "activation": "leaky_relu",
    "architecture__negative_slope": 0.1,
    "optimizer": "adam",
    "lr": 0.001,
}
readers |= {
    "E1: MLP 64-32": SVHNMLPClassifier().set_params(
        **perceptron | {"hidden_layer_sizes": (64, 32), "lr": 0.001, "max_epochs": 20}
    ),
    "E2: MLP 256-128-64-64-32": SVHNMLPClassifier().set_params(
        **perceptron
        | {
            "hidden_layer_sizes": (256, 128, 64, 64, 32),
            "dropout": (0, 0.2, 0, 0, 0),
            "normalization": (None, None, None, None, "batch"),
            "architecture__normalization_position": "after_activation",
            "lr": 0.0005,
            "max_epochs": 30,
        }
    ),
    "E3: CNN 16, 32": SVHNCNNClassifier().set_params(
        **convolutions | {"channels": ((16, 32),), "batch_size": 32, "max_epochs": 6}
    ),
    "E4: CNN 16, 32 / 32, 64": SVHNCNNClassifier().set_params(
        **convolutions
        | {
            "channels": ((16, 32), (32, 64)),
            "normalization": ("batch", "batch", None),
            "architecture__normalization_position": "after_pool",
            "dropout": (0, 0, 0.5),
            "batch_size": 128,
            "max_epochs": 10,
        }
    ),
}

# %%
# The package's own networks also get fewer epochs than their defaults. They train on pictures that
# are changed at random in every epoch, which are harder to learn by heart.

readers |= {
    "SVHNMLPClassifier": SVHNMLPClassifier(max_epochs=20, random_state=0),
    "SVHNCNNClassifier": SVHNCNNClassifier(max_epochs=12, random_state=0),
}
for name, clf in list(readers.items())[2:]:
    print(name)
    clf.fit(X_train, y_train, X_val=X_val, y_val=y_val)

# %%
# A fitted network lists its layers.

print(readers["E4: CNN 16, 32 / 32, 64"].summary())

# %%
# Side by side
# ------------
# Now the test set, with 95 % intervals. If training digits are read much better than test digits,
# they are known by heart.

import pandas as pd

from sksvhn.metrics import bootstrap_interval, sequence_accuracy_score

found = {name: clf.predict(X_test) for name, clf in readers.items()}
table = []
for name, clf in readers.items():
    interval = bootstrap_interval(sequence_accuracy_score, y_test, found[name], random_state=0)
    table.append(
        {
            "reader": name,
            "training": clf.score(X_train, y_train),
            "test": interval.estimate,
            "95 % from": interval.low,
            "to": interval.high,
        }
    )
print(on_test)
pd.DataFrame(table).set_index("reader").style.format("{:.1%}")

# %%
# Reports are scikit-learn's. Course work E reported E4 like this:

from sklearn.metrics import classification_report

print(f"E4. {on_test}")
print(classification_report(y_test, found["E4: CNN 16, 32 / 32, 64"], digits=3))

# %%
# The column ``f1-score`` of all readers, digit by digit:

reports = {
    name: classification_report(y_test, read, output_dict=True, zero_division=0)
    for name, read in found.items()
}
print(on_test)
pd.DataFrame(
    {
        name: {digit: report[str(digit)]["f1-score"] for digit in range(10)}
        for name, report in reports.items()
    }
).style.format("{:.2f}")

# %%
# Which digit is taken for which? Rows are true digits, columns what was read.

import matplotlib.pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay

figure, axes = plt.subplots(2, 2, figsize=(8, 8.4), layout="constrained", sharex=True, sharey=True)
names = ("logistic, gradients", "E1: MLP 64-32", "E4: CNN 16, 32 / 32, 64", "SVHNCNNClassifier")
for ax, name in zip(axes.flat, names, strict=True):
    ConfusionMatrixDisplay.from_predictions(
        y_test, found[name], ax=ax, cmap="Blues", colorbar=False, text_kw={"fontsize": 9}
    )
    ax.set(title=name, xlabel="", ylabel="")
figure.supxlabel("Read as", fontsize=11)
figure.supylabel("True digit", fontsize=11)
_ = figure.suptitle(on_test, fontsize=10)

# %%
# What batch normalisation changes
# --------------------------------
# Course work A's perceptron (A1) had five hidden layers, from 4096 to 16 units, and was trained by
# plain gradient descent at a rate of 0.001. It read 12.7 % of its test digits. With batch
# normalisation after every hidden layer (A2) and five times the epochs, it read 64.34 %. Here both
# are narrower, from 512 to 16 units, and have batches of 20 pictures instead of 1,000, which makes
# steps cheap enough to take many. Both train for the same number of epochs.

from matplotlib.ticker import MultipleLocator

deep = plain | {
    "hidden_layer_sizes": (512, 256, 64, 32, 16),
    "optimizer": "sgd",
    "lr": 0.001,
    "batch_size": 20,
    "max_epochs": 30,
}
without = SVHNMLPClassifier().set_params(**deep)
with_batch_normalization = SVHNMLPClassifier().set_params(
    **deep | {"normalization": "batch", "architecture__normalization_position": "after_activation"}
)
figure, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for clf, name, color in (
    (without, "A1: none", "#0072B2"),
    (with_batch_normalization, "A2: batch normalisation", "#D55E00"),
):
    clf.fit(X_train, y_train, X_val=X_val, y_val=y_val)
    curve = pd.DataFrame(clf.history_)
    ax.plot(curve["epoch"], curve["valid_score"], color=color)
    ax.text(30.5, curve["valid_score"].iloc[-1], name, color=color, va="center")
ax.set(xlabel="Epoch", ylabel="Validation accuracy", xlim=(1, 30), ylim=(0, None))
ax.yaxis.set_major_locator(MultipleLocator(0.1))
ax.yaxis.set_major_formatter("{x:.0%}")
ax.spines[["top", "right"]].set_visible(False)
_ = figure.suptitle(on_validation, fontsize=10)

# %%
# The reason is that the signal shrinks from layer to layer, and the gradient with it. A step at the
# same rate then changes less. Batch normalisation gives the outputs of every layer the same size
# again. Standard deviations after each layer, before any training:

signal = normalized = as_rows(X_train[:500])
rng = np.random.default_rng(0)
sizes = []
for n_in, n_out in zip((1024, 512, 256, 64, 32), (512, 256, 64, 32, 16), strict=True):
    layer = xavier(rng, n_in, n_out)
    signal = np.maximum(signal @ layer, 0)
    normalized = np.maximum(normalized @ layer, 0)
    normalized = (normalized - normalized.mean(axis=0)) / (normalized.std(axis=0) + 1e-5)
    sizes.append({"units": n_out, "A1": signal.std(), "A2": normalized.std()})
pd.DataFrame(sizes).style.hide().format("{:.2f}", subset=["A1", "A2"])
