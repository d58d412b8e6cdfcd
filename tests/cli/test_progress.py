"""What moves on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Run


@pytest.fixture
def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the standard error stream were a terminal."""
    for module in ("_epochs", "_read", "_train"):
        monkeypatch.setattr(f"sksvhn.cli.{module}.shows_progress", lambda quiet: not quiet)


@pytest.mark.usefixtures("_watched")
def test_training(run: Run, archives: Path, tmp_path: Path) -> None:
    command = ("train", archives / "train.tar.gz", "-o", tmp_path / "m.sksvhn", "--image-size", 16)
    result = run(*command, "--max-epochs", 2, "-p", "channels=[[4]]")
    assert result.exit_code == 0
    assert "load_svhn_numbers: 100%" in result.stderr
    assert "Epoch 2 of 2: loss" in result.stderr
    assert "batches" in result.stderr
    assert "\x1b" not in result.stdout
    quietly = ("--max-epochs", 1, "-p", "channels=[[4]]", "-q", "--force")
    assert run(*command, *quietly).stderr == ""


@pytest.mark.usefixtures("_watched")
def test_reading(run: Run, model: Path, folder: Path) -> None:
    result = run("read", "--whole", "--model", model, folder, "--csv")
    assert " pictures" in result.stderr
    assert len(result.stdout.splitlines()) == 9


def test_nothing_moves_elsewhere(run: Run, model: Path, folder: Path) -> None:
    assert run("read", "--whole", "--model", model, folder, "--csv").stderr == ""
