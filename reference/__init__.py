"""What a correct FSQ computes: the papers' rules, exact staircases, indices and gradients."""

from .codebook import LARGEST_SIZE, RECOMMENDED, Codebook, Order
from .fsq import FSQ
from .precision import PRECISIONS, Array, Precision, bit_pattern, every_value, from_ordinals, ordinals
from .residual import RESIDUAL_RULES, Followed, ResidualRule, residual_rule_named
from .residual_fsq import ResidualFSQ
from .rules import RULES, Rule, rule_named
from .staircase import Staircase, staircase, threshold

__all__ = [
    "FSQ",
    "LARGEST_SIZE",
    "PRECISIONS",
    "RECOMMENDED",
    "RESIDUAL_RULES",
    "RULES",
    "Array",
    "Codebook",
    "Followed",
    "Order",
    "Precision",
    "ResidualFSQ",
    "ResidualRule",
    "Rule",
    "Staircase",
    "bit_pattern",
    "every_value",
    "from_ordinals",
    "ordinals",
    "residual_rule_named",
    "rule_named",
    "staircase",
    "threshold",
]
