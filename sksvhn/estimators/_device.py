"""Choose the device, and whether it multiplies faster in bfloat16 than in float32."""

from __future__ import annotations

import os

import torch
from torch import nn

# Multiply-adds of a step of a network without convolutions from which on bfloat16 is faster: it
# costs one of 9 million a quarter more time, and saves a sixth of one of 44 million.
LARGE_STEP = 20_000_000


def resolve_device(device: str) -> torch.device:
    """Return the device; "auto" is a GPU where there is one."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        resolved = torch.device(device)
    except RuntimeError:
        raise ValueError(
            f"device must be 'auto', 'cpu', 'cuda' or 'cuda:0'; got {device!r}; pass one of these."
        ) from None
    try:
        torch.zeros(1, device=resolved).item()
    except (RuntimeError, AssertionError):
        raise ValueError(
            f"device must be available; got {device!r}; pass device='auto' or 'cpu'."
        ) from None
    return resolved


# The instruction set beyond which oneDNN, which multiplies, was told not to go.
_ONEDNN_LIMIT = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
_WITHOUT_BFLOAT16 = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI"}


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 natively; elsewhere it is many times slower."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu" or _ONEDNN_LIMIT in _WITHOUT_BFLOAT16:
        return False
    return any(
        getattr(torch.cpu, name, bool)()
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )


def gains_by_bfloat16(module: nn.Module, batch_size: int) -> bool:
    """Whether a network is large enough for its faster products to outweigh the conversions."""
    if any(isinstance(layer, nn.Conv2d) for layer in module.modules()):
        return True
    return batch_size * sum(p.numel() for p in module.parameters()) >= LARGE_STEP
