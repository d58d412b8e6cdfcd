"""The page that reads pictures in the browser, in a browser: it answers what Python answers.

Runs if SKSVHN_SITE names a built site: `tox run -e try` builds one.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image

import sksvhn
from sksvhn.datasets import make_street_scenes
from sksvhn.estimators._canvas import scaled

from .._promised import BOUND

SITE = os.environ.get("SKSVHN_SITE", "")
if not SITE:
    pytest.skip("SKSVHN_SITE names no built site", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api")

BOX = ["left", "top", "width", "height"]
# Bounds of the ONNX files of locators, and of confidences anywhere.
PIXELS = 1e-3
# Less sure numbers than the slider shows.
LOWEST = 0.1


class Site(SimpleHTTPRequestHandler):
    """Serve files, and say nothing of it."""

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=SITE))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start the browser that SKSVHN_BROWSER names, one of the machine, or Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    path = os.environ.get("SKSVHN_BROWSER") or next(filter(None, map(shutil.which, names)), None)
    with sync_api.sync_playwright() as playwright:
        quiet = ["--disable-background-networking", "--disable-component-update", "--no-first-run"]
        started = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-sync", *quiet]
        )
        yield started
        started.close()


class TryPage:
    """The page in the browser, and what went wrong on it."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.problems: list[str] = []
        page.on("console", self._check_message)
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on("requestfailed", lambda request: self._note(True, request.url))
        page.on("request", self._check_host)
        page.goto(f"{address}/try.html")
        self.wait("waiting")

    def _note(self, wrong: bool, text: str) -> None:
        if wrong:
            self.problems.append(text)

    def _check_message(self, message: Any) -> None:
        # Chrome asks for an icon, which this site has none of.
        ours = message.location["url"] != f"{self.address}/favicon.ico"
        self._note(message.type == "error" and ours, message.text)

    def _check_host(self, request: Any) -> None:
        ours = (self.address + "/", "data:", f"blob:{self.address}/")
        self._note(not request.url.startswith(ours), f"request to {request.url}")

    def wait(self, *states: str) -> str:
        """Wait until the page is in one of some states; return what it says."""
        at = ", ".join(f'[data-try][data-state="{state}"]' for state in states)
        self.page.wait_for_selector(at, timeout=120_000)
        said: str = self.page.inner_text('[data-part="status"]')
        return said

    def choose(self, content: bytes, name: str = "picture.png") -> str:
        file = {"name": name, "mimeType": "", "buffer": content}
        self.page.set_input_files("#try-file", [file])
        return self.wait("done", "failed")

    def drop(self, content: bytes, name: str) -> str:
        """Drop a file onto the page."""
        transfer = self.page.evaluate_handle(
            """([bytes, name]) => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([new Uint8Array(bytes)], name));
                return transfer;
            }""",
            [list(content), name],
        )
        self.page.dispatch_event("[data-try]", "drop", {"dataTransfer": transfer})
        return self.wait("done", "failed")

    def set_threshold(self, value: float) -> None:
        self.page.evaluate(
            """(value) => {
                const slider = document.getElementById("try-threshold");
                slider.value = value;
                slider.dispatchEvent(new Event("input"));
            }""",
            value,
        )

    def table(self) -> pd.DataFrame:
        """Return what the page gives to download."""
        if self.page.locator('[data-part="rows"] tr').count() == 0:
            return pd.DataFrame(columns=["picture", "number", "confidence", *BOX])
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name="Download CSV").click()
        return pd.read_csv(download.value.path(), dtype={"picture": str, "number": str})


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[TryPage]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    tried = TryPage(page, address)
    yield tried
    page.close()
    assert tried.problems == []


def png(pixels: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    picture.save(file, "PNG", **options)
    return file.getvalue()


def scenes(n: int, seed: int, size: tuple[int, int] = (384, 384)) -> list[NDArray[np.uint8]]:
    return list(make_street_scenes(n, image_size=size, random_state=seed).images)


def by_python(content: bytes) -> pd.DataFrame:
    """Return all that the page may show."""
    return sksvhn.read(content, min_confidence=LOWEST)


def differences(page: pd.DataFrame, python: pd.DataFrame) -> tuple[float, float]:
    """Check that the same numbers are read; return by how much boxes and confidences differ."""
    # What is less sure may lie on either side of the page's least confidence.
    page, python = (found[found["confidence"] > LOWEST + BOUND] for found in (page, python))
    assert page["number"].tolist() == python["number"].tolist()
    if page.empty:
        return 0.0, 0.0
    boxes = np.abs(page[BOX].to_numpy() - python[BOX].to_numpy()).max()
    return boxes, np.abs(page["confidence"].to_numpy() - python["confidence"].to_numpy()).max()


def check(opened: TryPage, contents: list[bytes]) -> int:
    """Compare with Python; return how many numbers were read."""
    opened.set_threshold(LOWEST)
    found = []
    for content in contents:
        assert "found" in opened.choose(content)
        table = opened.table()
        found.append((len(table), *differences(table, by_python(content))))
    n_found, boxes, confidences = np.array(found).T
    print(
        f"\n{len(contents)} pictures, {n_found.sum():.0f} numbers; boxes differ by at most "
        f"{boxes.max():.1e} pixels, confidences by {confidences.max():.1e}"
    )
    assert boxes.max() <= PIXELS
    # The least shift of a box may change a pixel of what is read by one grey level.
    assert confidences.max() <= 10 * BOUND
    assert (confidences > BOUND).sum() <= 1
    return int(n_found.sum())


def test_it_reads_scenes_as_python_does(opened: TryPage) -> None:
    assert check(opened, [png(scene) for scene in scenes(60, 12345)]) > 50


def test_it_reads_pictures_of_all_shapes_and_kinds_as_python_does(opened: TryPage) -> None:
    pictures = [
        *scenes(2, 1, (1500, 2000)),  # averaged before it is resampled
        *scenes(2, 2, (120, 170)),
        *scenes(2, 3, (300, 900)),  # in pieces
        *scenes(1, 4, (700, 250)),
        np.concatenate(scenes(5, 5, (200, 250)), axis=1),
        np.full((5, 3, 3), 200, np.uint8),
        np.full((1, 1, 3), 200, np.uint8),
    ]
    contents = [png(picture) for picture in pictures]
    (scene,) = map(Image.fromarray, scenes(1, 6))
    exif = Image.Exif()
    exif[0x0112] = 6
    contents += [
        png(scene.convert("L")),
        png(scene.quantize(64)),
        png(scene.transpose(Image.Transpose.ROTATE_90), exif=exif),
    ]
    assert check(opened, contents) > 8


def test_transparent_pictures_are_put_on_white_or_black(opened: TryPage) -> None:
    (scene,) = map(Image.fromarray, scenes(1, 6))
    scene.putalpha(Image.linear_gradient("L").resize(scene.size))
    ink = Image.new("RGBA", scene.size, (255, 255, 255, 0))
    ink.putalpha(Image.fromarray(scenes(1, 6)[0]).convert("L"))
    opened.set_threshold(LOWEST)
    for picture in (scene, ink):
        content = png(picture)
        opened.choose(content)
        # Browsers round mixed colours in another way, by one grey level.
        boxes, confidence = differences(opened.table(), by_python(content))
        print(f"\ntransparent: {boxes:.1e} pixels, {confidence:.1e}")
        assert boxes < 0.1
        assert confidence < 0.01


def test_jpeg_files_are_read_nearly_as_python_does(opened: TryPage) -> None:
    opened.set_threshold(0.5)
    n_found, found = 0, []
    for scene in scenes(20, 7):
        file = io.BytesIO()
        Image.fromarray(scene).save(file, "JPEG", quality=85)
        opened.choose(file.getvalue(), "photo.jpg")
        python = sksvhn.read(file.getvalue(), min_confidence=0.5)
        n_found += len(python)
        found.append(differences(opened.table(), python))
    print("\nJPEG: {:.1e} pixels, {:.1e}".format(*np.max(found, axis=0)))
    assert n_found > 4
    assert np.max(found, axis=0) == pytest.approx([0, 0], abs=0.05)


@pytest.mark.parametrize("seed", range(8))
def test_it_resamples_as_pillow_does_to_the_bit(browser: Any, address: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 400, 2).tolist()
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    page = browser.new_page()
    page.goto(f"{address}/index.html")
    for _ in range(6):
        left, right = sorted(rng.uniform(0, width, 2))
        top, bottom = sorted(rng.uniform(0, height, 2))
        part = [left, top, max(right, left + 0.5), max(bottom, top + 0.5)]
        part = [min(edge, limit) for edge, limit in zip(part, 2 * (width, height), strict=True)]
        if part[2] - part[0] < 0.1 or part[3] - part[1] < 0.1:
            part = [0, 0, width, height]
        longest = int(rng.choice([5, 40, 192, 512]))
        size = rng.integers(1, 100, 2).tolist()
        answers = page.evaluate(
            """async ([values, width, height, part, longest, size]) => {
                const { resize, scaled } = await import("./_static/try.js");
                const picture = { data: Uint8Array.from(values), width, height, channels: 3 };
                const answers = [scaled(picture, part, longest), resize(picture, part, ...size)];
                return answers.map((made) => [made.height, made.width, Array.from(made.data)]);
            }""",
            [pixels.ravel().tolist(), width, height, part, longest, size],
        )
        expected = [
            scaled(picture, tuple(part), longest)[0],
            np.asarray(picture.resize(size, Image.Resampling.BILINEAR, box=tuple(part))),
        ]
        for (made_height, made_width, values), pillow in zip(answers, expected, strict=True):
            np.testing.assert_array_equal(np.reshape(values, (made_height, made_width, 3)), pillow)
    page.close()


def test_what_is_found_is_shown(opened: TryPage) -> None:
    page, content = opened.page, png(scenes(1, 8)[0])
    said = opened.drop(content, 'a "street", 1.png')
    python = sksvhn.read(content)
    assert said.startswith(f"{len(python)} house numbers found: {python['number'][0]} (")
    assert page.locator('[data-part="marks"] div').count() == len(python) == 3
    assert page.locator("tbody th").all_inner_texts() == python["number"].tolist()
    table = opened.table()
    assert table.columns.tolist() == python.columns.tolist()
    assert set(table["picture"]) == {'a "street", 1.png'}
    shown = page.locator('[data-part="image"]').bounding_box()
    for mark, (_, row) in zip(
        page.locator('[data-part="marks"] div').all(), python.iterrows(), strict=True
    ):
        box = mark.bounding_box()
        assert box["x"] - shown["x"] == pytest.approx(row["left"] * shown["width"] / 384, abs=2)
        assert box["width"] == pytest.approx(row["width"] * shown["width"] / 384, abs=5)
    # The slider, by keyboard.
    page.focus("#try-threshold")
    page.keyboard.press("End")
    assert opened.wait("done").startswith("No house number is found with a confidence of 100")
    assert page.locator('[data-part="marks"] div').count() == 0
    assert not page.get_by_role("button", name="Download CSV").is_visible()
    page.keyboard.press("Home")
    assert page.locator('[data-part="marks"] div').count() >= 2


def test_scenes_and_pasted_pictures_are_read(opened: TryPage) -> None:
    page = opened.page
    buttons = page.get_by_role("button", name="Generated scene")
    said = []
    for button in buttons.all():
        button.focus()
        page.keyboard.press("Enter")
        said.append(opened.wait("done"))
    assert len(said) == 5
    assert any(text.startswith("No house number") for text in said)
    assert sum("found: " in text for text in said) >= 3
    page.evaluate(
        """async () => {
            const answer = await fetch("_static/try/scene-1.jpg");
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([await answer.blob()], "image.jpg"));
            dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
        }"""
    )
    assert opened.wait("done").partition(" Read in")[0] == said[0].partition(" Read in")[0]


def test_what_cannot_be_read_is_said(opened: TryPage) -> None:
    content = png(scenes(1, 0)[0])
    for wrong in (b"", b"number,12\n", content[:200], b"%PDF-1.4 no picture"):
        said = opened.choose(wrong, "wrong.png")
        assert said.startswith("This file holds no picture that this browser can decode.")
        assert not opened.page.is_visible("figure")
    huge = Image.new("1", (12000, 9000))
    assert "12,000 x 9,000 pixels" in opened.choose(png(huge), "huge.png")
    opened.page.dispatch_event(
        "[data-try]", "drop", {"dataTransfer": opened.page.evaluate_handle("new DataTransfer()")}
    )
    assert opened.wait("failed").startswith("What was dropped is no file.")
    # It still reads.
    assert "Read in" in opened.choose(content)


def test_models_that_are_missing_are_said(browser: Any, address: str) -> None:
    page = browser.new_page()
    page.route("**/settings.json", lambda route: route.fulfill(status=404))
    tried = TryPage(page, address)
    assert tried.choose(png(scenes(1, 0)[0])).startswith("This site was built without the models.")
    page.unroute("**/settings.json")
    assert "Read in" in tried.choose(png(scenes(1, 0)[0]))
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(browser: Any, address: str, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
        color_scheme=scheme,
    )
    page = context.new_page()
    tried = TryPage(page, address)
    assert page.get_by_text("Take a photograph").is_visible()
    page.get_by_role("button", name="Generated scene 1").tap()
    tried.wait("done")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert tried.problems == []
    context.close()
