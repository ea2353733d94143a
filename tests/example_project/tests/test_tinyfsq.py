"""The project's own tests, and the whole conformance suite beside them."""

import numpy as np
from tinyfsq import FSQ

from fsqcheck.conformance.suite import *  # noqa: F403


def test_zero_is_the_middle_of_odd_levels():
    codes, _ = FSQ([5, 3])(np.zeros((1, 2), np.float32))
    assert codes.tolist() == [[0.0, 0.0]]
