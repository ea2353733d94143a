"""Stand-ins: small packages of our own with the names and the interface of libraries that are not installed here.

They compute right. What the libraries themselves compute is tested on their releases, in test_field.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .wheels import members

_DIFFUSERS = """
import math, torch
class FSQRegularizer(torch.nn.Module):
    def __init__(self, levels, dim=None, num_codebooks=1):
        super().__init__()
        self.groups, self.levels = num_codebooks, torch.tensor(levels)
        self.basis = torch.tensor([math.prod(levels[:i]) for i in range(len(levels))])
        wide = len(levels) * num_codebooks
        self.before = torch.nn.Linear(dim, wide) if dim else torch.nn.Identity()
        self.after = torch.nn.Linear(wide, dim) if dim else torch.nn.Identity()
    def codes_to_indices(self, codes):
        half = self.levels // 2
        return ((codes.double() * half + half).round().long() * self.basis).sum(-1)
    def grouped(self, indices):
        return indices if self.groups > 1 else indices.unsqueeze(-1)
    def indices_to_codes(self, indices):
        digits = self.grouped(indices).unsqueeze(-1) // self.basis % self.levels
        codes = self.after(((digits - self.levels // 2) / (self.levels // 2)).flatten(-2))
        return codes.movedim(-1, 1) if codes.ndim >= 4 else codes
    def forward(self, z):
        first = z.ndim >= 4
        z = self.before(z.movedim(1, -1) if first else z).unflatten(-1, (self.groups, -1))
        half = (self.levels - 1) * 1.001 / 2
        offset = torch.where(self.levels % 2 == 0, 0.5, 0.0)
        bounded = (z + (offset / half).atanh()).tanh() * half - offset
        codes = (bounded + (bounded.round() - bounded).detach()) / (self.levels // 2)
        indices = self.codes_to_indices(codes)
        out = self.after(codes.flatten(-2))
        return out.movedim(-1, 1) if first else out, indices if self.groups > 1 else indices.squeeze(-1)
"""

_XCODEC2 = """
import itertools, math, torch
class Xcodec2FiniteScalarQuantization(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        levels = config.quantization_levels
        self.levels, self.half = torch.tensor(levels), torch.tensor(levels) // 2
        self.basis = torch.tensor([math.prod(levels[:i]) for i in range(len(levels))])
        self.codebook = (torch.arange(math.prod(levels)).unsqueeze(-1) // self.basis % self.levels - self.half) / self.half
    def forward(self, z):
        half = (self.levels - 1) * 1.001 / 2
        offset = torch.where(self.levels % 2 == 0, 0.5, 0.0)
        bounded = (z + (offset / half).atanh()).tanh() * half - offset
        codes = bounded + (bounded.round() - bounded).detach()
        return codes / self.half, ((codes + self.half).round().long() * self.basis).sum(-1)
"""

_DITHERED = """
import einops, math, torch
class DitheredFSQ(torch.nn.Module):
    def __init__(self, levels, dither_inference=False, num_codebooks=1, noise_dropout=0.5):
        super().__init__()
        self.num_codebooks, self.noise_dropout = num_codebooks, noise_dropout
        self.levels = torch.tensor(levels)
        self.basis = torch.tensor([math.prod(levels[:i]) for i in range(len(levels))])
    def _codes_to_indices(self, codes):
        return (((codes + 1) * (self.levels - 1) / 2).round().long() * self.basis).sum(-1)
    def indices_to_codes(self, indices):
        assert indices.shape[-1] == self.num_codebooks
        return (indices.unsqueeze(-1) // self.basis % self.levels * 2 / (self.levels - 1) - 1).flatten(-2)
    def forward(self, z):
        bounded = z.unflatten(-1, (self.num_codebooks, -1)).tanh()
        u = (bounded + 1) * (self.levels - 1) / 2
        codes = (u + (u.round() - u).detach()) * 2 / (self.levels - 1) - 1
        if self.training:
            noisy = torch.rand(len(z), 1, 1, 1) < self.noise_dropout
            codes = torch.where(noisy, bounded + (torch.rand_like(bounded) * 2 - 1) / (self.levels - 1), codes)
        return codes.flatten(-2), self._codes_to_indices(codes)
"""

_NEMO = """
import math, torch
from einops import rearrange
from transformers import AutoModel
from nemo.core.classes.common import typecheck
from nemo.core.classes.module import NeuralModule
from nemo.core.neural_types.elements import TokenIndex
from nemo.core.neural_types.neural_type import NeuralType
from nemo.utils import logging
class FiniteScalarQuantizer(NeuralModule):
    def __init__(self, num_levels):
        super().__init__()
        logging.debug('levels: %s', num_levels)
        self.levels = torch.tensor(num_levels)[None, :, None]
        self.basis = torch.tensor([math.prod(num_levels[:i]) for i in range(len(num_levels))])[None, :, None]
    def codes_to_indices(self, codes):
        half = self.levels // 2
        return ((codes * half + half).round().long() * self.basis).sum(1)
    @typecheck()
    def forward(self, inputs, input_len=None):
        half = (self.levels - 1) * 0.999 / 2
        offset = torch.where(self.levels % 2 == 0, 0.5, 0.0)
        bounded = (inputs + (offset / half).tan()).tanh() * half - offset
        codes = (bounded + (bounded.round() - bounded).detach()) / (self.levels // 2)
        return codes, self.codes_to_indices(codes)[None]
    @typecheck(output_types={"indices": NeuralType(('D', 'B', 'T'), TokenIndex())})
    def decode(self, indices, input_len=None):
        half = self.levels // 2
        return (rearrange(indices, 'D B T -> B D T') // self.basis % self.levels - half) / half
class GroupFiniteScalarQuantizer(NeuralModule):
    def __init__(self, num_groups, num_levels_per_group):
        super().__init__()
        self.fsqs = torch.nn.ModuleList([FiniteScalarQuantizer(num_levels_per_group) for _ in range(num_groups)])
    def forward(self, inputs, input_len):
        parts = [q(inputs=z, input_len=input_len) for q, z in zip(self.fsqs, inputs.chunk(len(self.fsqs), dim=1))]
        return tuple(torch.cat(found, dim=1 - axis) for axis, found in enumerate(zip(*parts)))
    def decode(self, indices, input_len):
        return torch.cat([q.decode(i[None], input_len) for q, i in zip(self.fsqs, indices)], dim=1)
"""

_S3 = """
import torch
from einops import rearrange
from s3tokenizer.model import MultiHeadAttention
from s3tokenizer.utils import onnx2torch
class FSQCodebook(torch.nn.Module):
    def __init__(self, dim, level=3):
        super().__init__()
        self.project_down, self.level = torch.nn.Linear(dim, 8), level
    @torch.inference_mode()
    def encode(self, x):
        h = (self.project_down(rearrange(x, '... d -> (...) d')).float().tanh() * 0.9990000128746033).round() + 1
        return (h * self.level ** torch.arange(8)).sum(-1).reshape(x.shape[:2]).int()
class FSMNMultiHeadAttention(MultiHeadAttention):
    pass
"""


@dataclass(frozen=True)
class StandIn:
    """A package: its name, a version, its files, and the path of the one that its adapter is about."""

    name: str
    version: str
    path: str
    files: dict[str, str] = field(default_factory=dict)


STAND_INS = {
    one.name: one
    for one in (
        StandIn(
            "diffusers",
            "0.42.1",
            "diffusers/models/autoencoders/autoencoder_vidtok.py",
            {
                "diffusers/__init__.py": "",
                "diffusers/models/autoencoders/autoencoder_vidtok.py": _DIFFUSERS,
            },
        ),
        StandIn(
            "transformers",
            "5.23.0",
            "transformers/models/xcodec2/modeling_xcodec2.py",
            {
                "transformers/__init__.py": "class Xcodec2Config:\n"
                "    def __init__(self, quantization_levels):\n        self.quantization_levels = quantization_levels\n",
                "transformers/models/xcodec2/modeling_xcodec2.py": _XCODEC2,
            },
        ),
        StandIn(
            "stable-audio-tools",
            "0.0.19",
            "stable_audio_tools/models/fsq.py",
            {
                "stable_audio_tools/__init__.py": "import an_absent_dependency\n",
                "stable_audio_tools/models/fsq.py": _DITHERED,
            },
        ),
        StandIn(
            "nemo-toolkit",
            "3.0.0",
            "nemo/collections/tts/modules/audio_codec_modules.py",
            {
                "nemo/__init__.py": "import an_absent_dependency\n",
                "nemo/collections/tts/modules/audio_codec_modules.py": _NEMO,
            },
        ),
        StandIn(
            "s3tokenizer",
            "0.3.0",
            "s3tokenizer/model_v2.py",
            {"s3tokenizer/__init__.py": "import an_absent_dependency\n", "s3tokenizer/model_v2.py": _S3},
        ),
    )
}


def stand_in(folder: Path, one: StandIn) -> Path:
    """A folder of packages in which the stand-in is installed."""
    for name, text in members(one.name, one.version, more=one.files).items():
        if name == f"{one.name.replace('-', '_')}.py":
            continue  # the package takes the place of the module
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
