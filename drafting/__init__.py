"""A first adapter, a test and the settings for somebody's class, from trying it: what `fsqcheck init` writes."""

from .drafts import AlreadyThereError, Draft, drafts, write_all
from .trying import CannotTryError, Found, tried

__all__ = ["AlreadyThereError", "CannotTryError", "Draft", "Found", "drafts", "tried", "write_all"]
