"""Packages that are installed without what they require: most of it, gigabytes, is nothing to do with quantization."""

from __future__ import annotations

from .pin import Pin

#: The package, and what the one file of it needs that its adapter loads.
PACKAGES: dict[str, tuple[str, ...]] = {
    "nemo-toolkit": ("einops",),
    "s3tokenizer": ("einops",),
    "stable-audio-tools": ("einops",),
}


def alone(pin: Pin) -> tuple[str, ...] | None:
    """What is installed beside the pin, in the place of its requirements; None where these are installed.

    A pin that names a class of its own, `package==version#module:Class`, is imported as ever and gets all of them.
    """
    return PACKAGES.get(pin.package) if pin.target == pin.package else None
