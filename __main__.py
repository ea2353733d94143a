"""`python -m fsqcheck` and the command `fsqcheck`."""

from .cli import main

if __name__ == "__main__":
    main()
