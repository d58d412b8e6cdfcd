"""Report how well whole numbers were read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import classification_report
from sklearn.utils._param_validation import Interval

from .._checked_readings import Readings, check_readings, validate_score_params
from ._accuracy import (
    digit_accuracy,
    length_accuracy,
    position_accuracies,
    sequence_accuracy,
)
from ._risk_coverage import coverage_at_accuracy

_COLUMN_WIDTH = 12


@validate_score_params(
    confidence=["array-like", None],
    accuracy=[Interval(Real, 0, 1, closed="both")],
    digits=[Interval(Integral, 0, None, closed="left")],
    output_dict=["boolean"],
)
def sequence_classification_report(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    confidence: ArrayLike | None = None,
    accuracy: float = 0.98,
    sample_weight: ArrayLike | None = None,
    digits: int = 4,
    output_dict: bool = False,
) -> str | dict[str, Any]:
    """Report how well whole numbers were read: in all, by position, by length and by digit.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`as_number_strings` takes.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
        counts as wrong.
    confidence : array-like of shape (n_samples,), default=None
        How sure each reading is. If given, the report includes the coverage at `accuracy`.
    accuracy : float, default=0.98
        Share of whole numbers that must be right among those covered, in [0, 1].
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative. Numbers of weight zero are left out.
    digits : int, default=4
        Decimals of the figures in the text; the dict holds them unrounded.
    output_dict : bool, default=False
        Whether to return a dict in place of the text.

    Returns
    -------
    str or dict
        The dict has these entries, all figures of type ``float``:

        - ``"sequence_accuracy"``, ``"length_accuracy"``, ``"digit_accuracy"``: the scores of
          these names;
        - ``"rejected"``: share of readings that were rejected;
        - ``"coverage_at_accuracy"``, if `confidence` was given: a dict of ``"accuracy"`` and
          ``"coverage"``;
        - ``"support"``: number of numbers, or their total weight with `sample_weight`;
        - ``"positions"``: for each position, ``"1"`` being the leftmost, a dict of ``"accuracy"``
          and ``"support"``;
        - ``"lengths"``: for each length of true number, a dict of ``"sequence_accuracy"``,
          ``"length_accuracy"``, ``"digit_accuracy"`` and ``"support"``;
        - ``"digits"``: scikit-learn's ``classification_report`` of single characters.

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values, or if a true number has
        no character.

    See Also
    --------
    sequence_accuracy_score : Share of numbers read right as a whole.
    coverage_at_accuracy_score : How many numbers can be read at a required accuracy.

    Notes
    -----
    The table of digits is made of pairs: the true character and the one read at each position, up
    to the end of the longer of the two. A true character with nothing read at its position lowers
    the recall of that character; a character read beyond the end of the true number lowers its
    precision. So the recall of "micro avg" is the digit accuracy, and its precision is the share of
    the characters read that are right. A precision or recall without a denominator, such as the
    recall of a digit that occurs only in readings, is reported as 0.

    Examples
    --------
    >>> from sksvhn.metrics import sequence_classification_report
    >>> y_true = ["19", "216", "7", "91"]
    >>> y_pred = ["19", "21", "7", "97"]
    >>> print(sequence_classification_report(y_true, y_pred, confidence=[0.9, 0.6, 0.8, 0.7]))
                                     share       support
    <BLANKLINE>
         whole numbers right        0.5000             4
               lengths right        0.7500             4
                digits right        0.7500             8
           readings rejected        0.0000             4
    covered at accuracy 0.98        0.5000             4
    <BLANKLINE>
                    position      accuracy       support
    <BLANKLINE>
                           1        1.0000             4
                           2        0.6667             3
                           3        0.0000             1
    <BLANKLINE>
                      length  number right  length right  digits right       support
    <BLANKLINE>
                           1        1.0000        1.0000        1.0000             1
                           2        0.5000        1.0000        0.7500             2
                           3        0.0000        0.0000        0.6667             1
    <BLANKLINE>
                       digit     precision        recall      f1-score       support
    <BLANKLINE>
                           1        1.0000        0.6667        0.8000             3
                           2        1.0000        1.0000        1.0000             1
                           6        0.0000        0.0000        0.0000             1
                           7        0.5000        1.0000        0.6667             1
                           9        1.0000        1.0000        1.0000             2
    <BLANKLINE>
                   micro avg        0.8571        0.7500        0.8000             8
                   macro avg        0.7000        0.7333        0.6933             8
                weighted avg        0.8125        0.7500        0.7583             8
    <BLANKLINE>
    """
    readings = check_readings(y_true, y_pred, sample_weight, confidence)
    report = _report(readings, accuracy)
    if output_dict:
        return report
    whole_weights = bool((readings.weight == np.trunc(readings.weight)).all())
    return _text(report, digits, support_digits=0 if whole_weights else digits)


def _report(readings: Readings, accuracy: float) -> dict[str, Any]:
    report: dict[str, Any] = _scores(readings)
    report["rejected"] = readings.mean(readings.read_length == 0)
    if readings.confidence is not None:
        report["coverage_at_accuracy"] = {
            "accuracy": float(accuracy),
            "coverage": coverage_at_accuracy(readings, accuracy),
        }
    accuracies, supports = position_accuracies(readings)
    report["positions"] = {
        str(position): {"accuracy": float(value), "support": float(support)}
        for position, (value, support) in enumerate(zip(accuracies, supports, strict=True), start=1)
    }
    report["lengths"] = {
        str(length): _scores(readings.subset(readings.true_length == length))
        for length in np.unique(readings.true_length)
    }
    report["digits"] = _digits_report(readings)
    return report


def _scores(readings: Readings) -> dict[str, float]:
    return {
        "sequence_accuracy": sequence_accuracy(readings),
        "length_accuracy": length_accuracy(readings),
        "digit_accuracy": digit_accuracy(readings),
        "support": float(readings.weight.sum()),
    }


def _digits_report(readings: Readings) -> dict[str, dict[str, float]]:
    width = int(max(readings.true_length.max(), readings.read_length.max()))
    true, read = readings.code_points(width)
    row, column = np.nonzero((true != 0) | (read != 0))
    codes = np.unique([true, read])
    labels = codes[codes != 0]
    # The last pair is of no label: with it scikit-learn always reports "micro avg", which it
    # would else replace by "accuracy" wherever all lengths were read right.
    report: dict[str, dict[str, float]] = classification_report(
        np.append(true[row, column], 0),
        np.append(read[row, column], 0),
        labels=labels,
        target_names=[chr(code) for code in labels],
        sample_weight=np.append(readings.weight[row], 1.0),
        output_dict=True,
        zero_division=0.0,
    )
    return report


def _text(report: Mapping[str, Any], digits: int, support_digits: int) -> str:
    n_digits = sum(position["support"] for position in report["positions"].values())
    summary = {
        "whole numbers right": (report["sequence_accuracy"], report["support"]),
        "lengths right": (report["length_accuracy"], report["support"]),
        "digits right": (report["digit_accuracy"], n_digits),
        "readings rejected": (report["rejected"], report["support"]),
    }
    if "coverage_at_accuracy" in report:
        coverage = report["coverage_at_accuracy"]
        name = f"covered at accuracy {coverage['accuracy']:g}"
        summary[name] = (coverage["coverage"], report["support"])
    tables: list[tuple[list[str], Mapping[str, Iterable[float]]]] = [
        (["", "share", "support"], summary),
        (["position", "accuracy", "support"], _rows(report["positions"])),
        (
            ["length", "number right", "length right", "digits right", "support"],
            _rows(report["lengths"]),
        ),
        (["digit", "precision", "recall", "f1-score", "support"], _rows(report["digits"])),
    ]
    width = max(len(name) for _, rows in tables for name in rows)

    def line(name: str, cells: Iterable[str]) -> str:
        return f"{name:>{width}}" + "".join(f"{cell:>{_COLUMN_WIDTH + 2}}" for cell in cells)

    lines = []
    for header, rows in tables:
        lines += [line(header[0], header[1:]), ""]
        for name, (*shares, support) in rows.items():
            cells = [f"{share:.{digits}f}" for share in shares]
            if name == "micro avg":
                lines.append("")
            lines.append(line(name, [*cells, f"{support:.{support_digits}f}"]))
        lines.append("")
    return "\n".join(lines)


def _rows(table: Mapping[str, Mapping[str, float]]) -> dict[str, tuple[float, ...]]:
    return {name: tuple(row.values()) for name, row in table.items()}
