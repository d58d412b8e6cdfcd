"""Memory of the network's steps."""

from __future__ import annotations

from functools import cache

import torch

# A little less than the 32 MiB beyond which glibc learns nothing from a block that is freed.
_BLOCK = 2**25 - 2**16


@cache
def keep_freed_memory() -> None:
    """Keep the C library from handing memory back to the system after every step.

    It would get it again for the next step, emptied page by page, which can cost a fifth of it.
    """
    # glibc keeps up to twice the size of the largest block that was ever freed ("dynamic mmap
    # threshold" in mallopt(3)). This one's pages are never touched. Elsewhere, it does nothing.
    torch.empty(_BLOCK, dtype=torch.uint8, device="cpu")
