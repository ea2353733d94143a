"""How far XLA's tanh is from the exact one, beside ours of adapters/jax_fsq.py: printed, and nothing asserted.

Needs JAX: `pip install 'fsqcheck[jax]'`. The unit is half an eps, 2^-24 in float32: the tolerance band of L levels is L of
them wide to each side in the level coordinate, and tanh's error arrives there times (L-1)/2.
"""

from __future__ import annotations

import platform
from itertools import pairwise

import jax
import numpy as np

from fsqcheck.adapters.jax_fsq import tanh
from fsqcheck.reference import PRECISIONS

BOUNDS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 9.0)


def main() -> None:
    print(f"jax {jax.__version__}, {jax.devices()[0].platform}, {platform.processor() or platform.machine()}")
    for dtype in ("float32", "float64"):
        unit = PRECISIONS[dtype].eps / 2
        with jax.enable_x64(dtype == "float64"):
            print(f"{dtype}: largest error in units of {unit:.3g}, and neighbours that go down; XLA's, then ours")
            for low, high in pairwise(BOUNDS):
                z = np.linspace(low, high, 500_001).astype(dtype)
                exact = np.tanh(z.astype(np.longdouble))
                found = [np.asarray(f(jax.numpy.array(z))) for f in (jax.numpy.tanh, tanh)]
                errors = [float(np.abs(one.astype(np.longdouble) - exact).max()) / unit for one in found]
                down = [int((np.diff(one) < 0).sum()) for one in found]
                told = "   ".join(f"{error:5.2f} {falls:7d}" for error, falls in zip(errors, down, strict=True))
                print(f"  {low:3.1f} … {high:3.1f}   {told}")


if __name__ == "__main__":
    main()
