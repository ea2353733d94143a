"""A module is put into training and evaluation by its own switches."""

from __future__ import annotations

import pytest

from fsqcheck.adapters.bridge import switched


class _Modes:
    """As Flax has them: the switches take no mode."""

    training = True

    def train(self) -> None:
        self.training = True

    def eval(self) -> None:
        self.training = False


class _OneSwitch:
    training = True

    def train(self, mode: bool = True) -> None:
        self.training = mode


@pytest.mark.parametrize("module", [_Modes(), _OneSwitch()])
def test_a_module_is_switched_as_a_user_would(module: _Modes | _OneSwitch) -> None:
    for training in (False, True, False):
        switched(module, training)
        assert module.training is training
