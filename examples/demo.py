"""Train a reader of house numbers, compare it with the baseline, keep it, and read new pictures.

Without arguments it makes its own street numbers; with ``--data DIR`` it trains and reads SVHN's
real ones: DIR holds ``train.tar.gz`` and ``test.tar.gz``, or the folders they unpack to. It is the
command ``sksvhn demo``, whose code is in ``sksvhn/cli/_demo.py``.
"""

from __future__ import annotations

import sys

from sksvhn.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "demo")
    main()
