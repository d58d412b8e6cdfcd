from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.utils import Bunch

from sksvhn.datasets import _describe as module
from sksvhn.datasets import (
    describe_numbers,
    load_svhn_numbers,
    make_digit_sequences,
    read_digit_struct,
)

from .svhn_files import Entry, NumberSet


def table(*boxes: list[list[float]], **columns: object) -> pd.DataFrame:
    arrays = np.empty(len(boxes), dtype=object)
    arrays[:] = [np.array(rows, float) for rows in boxes]
    lengths = [len(rows) for rows in boxes]
    return pd.DataFrame({"length": lengths, "boxes": arrays, **columns})


def test_counts_and_sizes() -> None:
    frame = table([[0, 0, 10, 20], [9, 1, 12, 21]], [[-3, 0, 14, 22]], [[0, 0, 16, 23]])
    summary, lengths, sizes = describe_numbers(frame)
    assert summary.to_dict("list") == {"n_pictures": [3], "n_digits": [4]}
    assert lengths.index.tolist() == [1, 2]
    assert lengths.to_dict("list") == {
        "n_numbers": [2, 1], "share": pytest.approx([2 / 3, 1 / 3])
    }  # fmt: skip
    assert sizes.columns.tolist() == ["mean", "std", "min", "50%", "98%", "max"]
    assert sizes.index.tolist() == ["box_width", "box_height"]
    assert sizes.loc["box_width"].tolist() == pytest.approx([13, 5**0.5, 10, 13, 15.88, 16])
    assert sizes.loc["box_height", ["mean", "min", "max"]].tolist() == [21.5, 20, 23]


def test_pictures_of_the_table_are_described_too() -> None:
    frame = table([[0, 0, 1, 2]], [[0, 0, 1, 2]], picture_height=[30, 50], picture_width=[4, 8])
    sizes = describe_numbers(frame).sizes
    assert sizes.index.tolist() == ["box_width", "box_height", "picture_width", "picture_height"]
    assert sizes["mean"].tolist() == [1, 2, 6, 40]


@given(
    images=hnp.arrays(
        st.sampled_from([np.uint8, np.float32]),
        hnp.array_shapes(min_dims=3, max_dims=4, max_side=4),
        elements=st.integers(0, 255),
    ),
    chunk=st.integers(1, 3),
)
@settings(deadline=None, max_examples=40)
def test_pixels(images: np.ndarray, chunk: int) -> None:
    frame = table(*[[[0, 0, 1, 1]]] * len(images))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", chunk)
        summary = describe_numbers(Bunch(images=images, frame=frame)).summary
    assert summary["pixel_mean"][0] == pytest.approx(images.mean(dtype=float))
    assert summary["pixel_std"][0] == pytest.approx(images.std(dtype=float), abs=1e-9)


def test_what_the_loaders_and_makers_return(tmp_path: Path) -> None:
    folder = NumberSet.generate(["19", "0210", "7"]).write_folder(tmp_path)
    loaded = describe_numbers(load_svhn_numbers(folder))
    from_table = describe_numbers(read_digit_struct(folder))
    pd.testing.assert_frame_equal(loaded.lengths, from_table.lengths)
    pd.testing.assert_frame_equal(loaded.sizes[:2], from_table.sizes)
    assert loaded.summary.columns.tolist() == ["n_pictures", "n_digits", "pixel_mean", "pixel_std"]
    assert from_table.summary.columns.tolist() == ["n_pictures", "n_digits"]
    digits = np.zeros((10, 28, 28), np.uint8)
    made = describe_numbers(make_digit_sequences(digits, range(10), n_samples=7, random_state=0))
    assert made.summary["n_pictures"][0] == made.lengths["n_numbers"].sum() == 7


def test_boxes_of_one_digit_only(tmp_path: Path) -> None:
    one = NumberSet([Entry("1.png", [1], [(2, 2, 9, 11)])])
    one.write_folder(tmp_path)
    assert describe_numbers(read_digit_struct(tmp_path)).sizes["std"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pd.DataFrame({"digit": [1]}), r"got a DataFrame with the columns \['digit'\]"),
        (Bunch(images=np.zeros((1, 2, 2))), r"got a Bunch\.$"),
        ([1, 2], r"'length' and 'boxes', .*; got a list\.$"),
        (table()[:0], "0 rows"),
        (
            Bunch(images=np.zeros((2, 2, 2)), frame=table([[0, 0, 1, 1]])),
            "inconsistent numbers of samples",
        ),
    ],
)
def test_bad_input_is_refused(data: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        describe_numbers(data)


# --- real files -----------------------------------------------------------------------------------


def test_real_table(shared_data: Path) -> None:
    summary, lengths, sizes = describe_numbers(
        read_digit_struct(shared_data / "matlab73" / "train" / "digitStruct.mat")
    )
    assert summary.iloc[0].tolist() == [39, 83]
    assert lengths["n_numbers"].to_dict() == {1: 2, 2: 30, 3: 7}
    assert sizes.loc["box_height", "max"] == 219
