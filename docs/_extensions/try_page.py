"""What the page that reads pictures in the browser loads: runtime, models, settings and scenes.

The runtime comes from npm's registry, pinned by its checksum. All else is made here.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)

PAGE = "try"
VERSION = "1.30.0"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
SCRIPT, RUNTIME = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
LICENCES = ("LICENSE", "ThirdPartyNotices.txt")

# Which of the scenes of a seed the page shows: houses, several numbers, a close-up, and none.
SEED, SCENES = 0, (35, 15, 30, 16, 29)
# Least confidence of a box that is read, which is where the page's slider ends.
LOWEST = 0.1


def add_script(app: Sphinx, page: str, template: str, context: Any, doctree: Any) -> None:
    """Give the page its style and its script, which no other page loads."""
    if page == PAGE:
        app.add_css_file("try.css")
        app.add_js_file("try.js", type="module")


def write_files(app: Sphinx, error: Exception | None) -> None:
    """Write all files of the page, unless the runtime is out of reach."""
    if error is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", "try")
    shutil.rmtree(folder, ignore_errors=True)
    tarball = downloaded_runtime(Path(app.srcdir, "_build", "npm"))
    if tarball is None:
        logger.info(
            "The page that reads pictures in the browser has no models: npm cannot give "
            f"onnxruntime-web {VERSION}; install Node.js and build again."
        )
        return
    folder.mkdir(parents=True)
    contents = {"runtime": extracted(tarball, RUNTIME), **exported_models()}
    files = {}
    for name, content in contents.items():
        # Servers would unpack some files on the way if they were called .gz.
        packed = gzip.compress(content, mtime=0)
        folder.joinpath(f"{name}.bin").write_bytes(packed)
        files[name] = {"bytes": len(packed), "digest": hashlib.sha256(packed).hexdigest()[:12]}
    folder.joinpath("ort.mjs").write_bytes(extracted(tarball, SCRIPT))
    folder.joinpath("settings.json").write_text(json.dumps({"files": files, **settings()}))
    write_licences(folder)
    write_scenes(folder)


def downloaded_runtime(cache: Path) -> Path | None:
    """Return the package of the runtime, checked; None without npm, or if it cannot download."""
    tarball = cache / f"onnxruntime-web-{VERSION}.tgz"
    if not tarball.exists():
        npm = shutil.which("npm")
        if npm is None:
            return None
        cache.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", f"onnxruntime-web@{VERSION}", "--pack-destination", str(cache)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
    found = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if found != SHA512:
        raise ExtensionError(
            f"{tarball.name} must have the SHA-512 checksum {SHA512}; got {found}; delete it from "
            f"{cache}, and find out who changed it."
        )
    return tarball


def extracted(tarball: Path, name: str) -> bytes:
    """Content of one file of the runtime's package."""
    with tarfile.open(tarball) as package:
        file = package.extractfile(f"package/dist/{name}")
        assert file is not None
        return file.read()


def exported_models() -> dict[str, bytes]:
    """Return the ONNX files of the models that come with the package."""
    from sksvhn import load_pretrained

    contents = {}
    with TemporaryDirectory() as folder:
        for name, model in (("locator", "locator"), ("reader", "numbers")):
            path = Path(folder, f"{name}.onnx")
            load_pretrained(model).export_onnx(path)
            contents[name] = path.read_bytes()
    return contents


def settings() -> dict[str, Any]:
    """All figures that Python and the page share, so that they are written once."""
    from sksvhn import _boxes, _photographs, load_pretrained
    from sksvhn._images import _crop
    from sksvhn.estimators import _canvas, _locator_boxes, _locator_confidence, _locator_network

    locator, reader = load_pretrained("locator"), load_pretrained("numbers")
    height, width, channels = reader.image_shape_
    # What the page cannot do, because no model that comes with the package needs it.
    assert (channels, reader.crop, reader._learned_white()) == (1, "stretch", 255)
    assert locator.n_refined > 0
    return {
        "lowest": LOWEST,
        "locator": {
            "input_size": locator.input_size,
            "n_refined": locator.n_refined,
            "calibration": locator.calibration_,
            "same": _boxes.SAME,
            "alike": _boxes.ALIKE,
            "rather_sure": _locator_boxes._RATHER_SURE,
            "sure": _locator_boxes._SURE,
            "again": _locator_boxes._AGAIN,
            "least_share": _locator_confidence.LEAST_SHARE,
            "least_score": _locator_network.LEAST_SCORE,
            "most_numbers": _locator_network.MOST_NUMBERS,
            "longest": _canvas._LONGEST,
            "piece": _canvas._PIECE,
            "step": _canvas._STEP,
            "least_piece": _canvas._LEAST_PIECE,
            "surroundings": _canvas._SURROUNDINGS,
            "near": _canvas.whole_multiple(round(_canvas._NEAR * locator.input_size)),
            "most_magnified": _canvas._MOST_MAGNIFIED,
        },
        "parts": {"covered": _photographs._COVERED, "least_whole": _photographs._LEAST_WHOLE},
        "reader": {
            "height": height,
            "width": width,
            "margin": reader.margin,
            "least_side": _crop._LEAST_SIDE,
            "steps": _photographs._STEPS,
        },
    }


def write_licences(folder: Path) -> None:
    """Put the runtime's licences beside it; its package for Python has them, that for npm not."""
    import onnxruntime

    for name in LICENCES:
        shutil.copyfile(Path(onnxruntime.__file__).parent / name, folder / name)


def write_scenes(folder: Path) -> None:
    """Draw the scenes that the page offers."""
    from sksvhn.datasets import make_street_scenes

    scenes = make_street_scenes(max(SCENES) + 1, random_state=SEED)
    for number, row in enumerate(SCENES, start=1):
        Image.fromarray(scenes.images[row]).save(folder / f"scene-{number}.jpg", quality=90)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hooks."""
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
