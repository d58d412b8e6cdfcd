"""Import matplotlib when something is drawn, and define the colours of all displays."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours that show on white, which every kind of colour vision tells apart.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#000000")
RIGHT, WRONG = OKABE_ITO[:2]


class Shown:
    """Mixin: a display that is drawn once, as the last line of a notebook's cell."""

    figure_: Any  # a Figure, or a SubFigure

    def _repr_png_(self) -> bytes | None:
        """Draw the figure, once plotted."""
        if not hasattr(self, "figure_"):
            return None
        from matplotlib import get_backend, pyplot

        content = BytesIO()
        figure = self.figure_.canvas.figure  # also where the axes are in a part of it
        figure.savefig(content, format="png", bbox_inches="tight")
        if get_backend().endswith("inline"):
            # It shows what is open at the end of a cell: the same figure once more.
            pyplot.close(figure)
        return content.getvalue()


def import_pyplot(display: object) -> Any:
    """Import matplotlib's pyplot, or say what is missing and how to get it."""
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError(
            f"{type(display).__name__} needs matplotlib; install it with: "
            "pip install 'sksvhn[plot]'"
        ) from None
    return pyplot


def figure_or_new(figure: Figure | None, display: object, figsize: tuple[float, float]) -> Figure:
    """Return `figure`, or a new one of this size in inches."""
    plt = import_pyplot(display)
    return plt.figure(figsize=figsize, layout="constrained") if figure is None else figure


def axes_or_new(ax: Axes | None, display: object, figsize: tuple[float, float]) -> Axes:
    """Return `ax`, or the axes of a new figure, whose lines have the package's colours."""
    if ax is not None:
        return ax
    new = figure_or_new(None, display, figsize).add_subplot()
    new.set_prop_cycle(color=OKABE_ITO)
    return new


def draw_picture(axes: Axes, image: NDArray[Any], title: str, color: str = "black") -> None:
    """Draw a grey or colour picture of uint8, or floats of any range, with a title."""
    pixels = image if image.ndim == 2 or image.shape[2] == 3 else image[..., 0]
    if pixels.dtype != np.uint8:
        pixels = pixels.astype(np.float64)  # matplotlib draws no objects
    if pixels.dtype != np.uint8 and pixels.ndim == 3:
        span = float(np.ptp(pixels)) or 1.0
        pixels = (pixels - pixels.min()) / span
    # Pixels of 0 to 255 show their true contrast; the range of others is unknown.
    low, high = (0, 255) if pixels.dtype == np.uint8 else (None, None)
    axes.imshow(pixels, cmap="gray", vmin=low, vmax=high)
    axes.set_title(title, color=color, fontsize=9)
