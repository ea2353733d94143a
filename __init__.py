"""fsqcheck: does this Finite Scalar Quantization compute what its papers say?"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("fsqcheck")
except PackageNotFoundError:  # a plain checkout that nobody installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
