"""``sksvhn transcribe``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from distributed import Client
from PIL import Image
from typer.testing import Result

from sksvhn import SVHNSequenceClassifier
from sksvhn.cli import app

from ..cli.conftest import runner
from .conftest import N_PICTURES


def run(*arguments: object) -> Result:
    result = runner().invoke(app, ["transcribe", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_reads_on_a_cluster_that_runs(
    reader: SVHNSequenceClassifier, model: Path, folder: Path, client: Client, tmp_path: Path
) -> None:
    cluster = ("--scheduler", client.scheduler.address)
    result = run(
        model, folder, "--whole", "--out", tmp_path / "out", *cluster, "--partition-size", 64
    )
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert result.stderr == f"Read {N_PICTURES} pictures; {tmp_path / 'out'} has the readings.\n"
    table = pd.read_parquet(tmp_path / "out")
    assert len(table) == N_PICTURES
    assert table["reading"].tolist() == reader.read(table["path"]).tolist()

    result = run(model, folder, "--whole", "--out", tmp_path / "out", *cluster)
    assert result.exit_code == 1
    assert "(different: partition_size); pass another folder" in result.stderr


@pytest.mark.filterwarnings("default:.*boxes names only")
def test_boxes_candidates_and_what_fails(
    reader: SVHNSequenceClassifier,
    model: Path,
    images: np.ndarray,
    client: Client,
    tmp_path: Path,
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    photo = np.full((40, 50), 128, np.uint8)
    photo[10:26, 12:28] = images[0]
    Image.fromarray(photo).save(pictures / "a.png")
    Image.fromarray(images[1]).save(pictures / "b.png")
    (pictures / "c.png").write_bytes(b"")
    boxes, listed = tmp_path / "boxes.csv", tmp_path / "street.txt"
    boxes.write_text(f"path,left,top,width,height\n{pictures / 'a.png'},12,10,16,16\n")
    listed.write_text("1\n20\n33\n")
    result = run(
        *(model, pictures / "*.png", "--out", tmp_path / "out", "--quiet"),
        *("--boxes", boxes, "--candidates", listed, "--scheduler", client.scheduler.address),
    )
    assert result.exit_code == 1
    assert result.stderr == (
        "Warning: boxes names only 1 of 3 pictures; the others are read whole.\n"
        "Error: 1 of 3 pictures could not be read; the column error says why.\n"
    )
    table = pd.read_parquet(tmp_path / "out")
    ranked = reader.rank_candidates(
        reader.crops([photo, images[1]], [[12, 10, 16, 16], None]), [["1", "20", "33"]] * 2
    )
    assert table["reading"].tolist()[:2] == ranked.best.tolist()
    assert table["error"].notna().tolist() == [False, False, True]


def test_wrong_usage(model: Path, folder: Path, tmp_path: Path) -> None:
    result = run(model, folder, "--out", tmp_path, "--scheduler", "tcp://x:1", "--workers", 2)
    assert result.exit_code == 2
    assert "choose one of --scheduler and --workers" in " ".join(result.stderr.split())
