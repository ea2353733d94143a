"""Classes that are unlike in how they are built and called, for `fsqcheck init` to find out about."""

from __future__ import annotations

#: In torch. They compute right.
TORCH = '''
from dataclasses import dataclass
import torch
from fsqcheck.adapters.torch_fsq import TorchFSQ

class Conventional(TorchFSQ):
    def __init__(self, levels):
        super().__init__(levels)

class OtherNames(torch.nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.inner = TorchFSQ(sizes, "symmetric")
    def quantize(self, x):
        return self.inner(x)
    def tokens_of(self, codes):
        return self.inner.codes_to_indices(codes)
    def embed_tokens(self, tokens):
        return self.inner.indices_to_codes(tokens)

class Dictionary(TorchFSQ):
    def __init__(self, levels):
        super().__init__(levels)
    def forward(self, z):
        codes, indices = super().forward(z)
        return {"latents": z, "indices": indices, "codes": codes}

@dataclass
class Output:
    z_q: torch.Tensor
    ids: torch.Tensor

class NamedResult(torch.nn.Module):
    """Must be told its width, which may be another one; its indices have an axis of their own."""
    def __init__(self, levels, dim):
        super().__init__()
        self.inner = TorchFSQ(levels, width=dim)
    def forward(self, z):
        codes, indices = self.inner(z)
        return Output(codes, indices.unsqueeze(-1))

class ChannelFirst(TorchFSQ):
    def __init__(self, levels, num_codebooks=1, dim=None):
        super().__init__(levels, channel_first=True, num_codebooks=num_codebooks, width=dim)

class EncodesChannelFirst(torch.nn.Module):
    """(B, d, T) in all that it does, and wants a length beside it."""
    def __init__(self, levels):
        super().__init__()
        self.inner = TorchFSQ(levels, "paper")
    def forward(self, x, length):
        codes, indices = self.inner(x.transpose(1, 2))
        return codes.transpose(1, 2), indices
    def codes_to_tokens(self, codes):
        return self.inner.codes_to_indices(codes.transpose(1, 2) if codes.ndim == 3 else codes)
    def tokens_to_codes(self, tokens):
        return self.inner.indices_to_codes(tokens)

class CodesOnly:
    """No module, no indices."""
    def __init__(self, levels):
        self.inner = TorchFSQ(levels, "paper")
    def __call__(self, z):
        return self.inner(z)[0]

class TakesThreeAxes(torch.nn.Module):
    """(B, d, T) and nothing else, to encode and decode too."""
    def __init__(self, levels):
        super().__init__()
        self.inner = TorchFSQ(levels, channel_first=True)
    def forward(self, z):
        if z.ndim != 3:
            raise ValueError("expected three axes")
        return self.inner(z)
    def codes_to_indices(self, codes):
        if codes.ndim != 3:
            raise ValueError("expected three axes")
        return self.inner.codes_to_indices(codes.transpose(1, 2))
    def indices_to_codes(self, indices):
        return self.inner.indices_to_codes(indices)

class TakesImages(torch.nn.Module):
    """(B, d, H, W) to quantize; (…, d) to encode and decode."""
    def __init__(self, levels):
        super().__init__()
        self.inner = TorchFSQ(levels)
    def forward(self, z):
        if z.ndim != 4:
            raise ValueError("expected four axes")
        codes, indices = self.inner(z.movedim(1, -1))
        return codes.movedim(-1, 1), indices
    def codes_to_indices(self, codes):
        return self.inner.codes_to_indices(codes)
    def indices_to_codes(self, indices):
        return self.inner.indices_to_codes(indices)

class OfACodec(torch.nn.Module):
    """(B, d, T) to codes and (B, 1, T), and back to codes and nothing beside them."""
    def __init__(self, levels):
        super().__init__()
        self.inner = TorchFSQ(levels, channel_first=True)
    def forward(self, z):
        if z.ndim != 3:
            raise ValueError("expected three axes")
        codes, indices = self.inner(z)
        return codes, indices[:, None]
    def from_codes(self, indices):
        batch, one, time = indices.shape
        return self.inner.indices_to_codes(indices[:, 0]), None

class Registers(type):
    def __call__(cls, *args, **kwargs):
        return super().__call__(*args, **kwargs)

class Registered(TorchFSQ, metaclass=Registers):
    def __init__(self, levels):
        super().__init__(levels)

class EncodesLatents(torch.nn.Module):
    """Its call gives codes, and its encoder takes what is to be quantized."""
    def __init__(self, levels):
        super().__init__()
        self.inner = TorchFSQ(levels)
    def forward(self, z):
        return self.inner(z)[0]
    def encode(self, z):
        return self.inner(z)[1]
    def decode(self, ids):
        return self.inner.indices_to_codes(ids)

class EncodesCodes(EncodesLatents):
    def encode(self, codes):
        return self.inner.codes_to_indices(codes)

class EncodesCodesAlone(torch.nn.Module):
    def __init__(self, levels):
        super().__init__()
        self.inner = TorchFSQ(levels)
    def forward(self, z):
        return self.inner(z)[0]
    def codes_to_indices(self, codes):
        return self.inner.codes_to_indices(codes)

class IndicesOnly(torch.nn.Module):
    def __init__(self, n_levels):
        super().__init__()
        self.inner = TorchFSQ(n_levels)
    def encode(self, x):
        return self.inner(x)[1]

class Config:
    def __init__(self, quantization_levels):
        self.quantization_levels = quantization_levels

class Configured(TorchFSQ):
    def __init__(self, config):
        super().__init__(config.quantization_levels)

class Shifted(TorchFSQ):
    """A wrong one: half a level too far."""
    def __init__(self, levels):
        super().__init__(levels)
    def forward(self, z):
        return super().forward(z + 0.1)

class Silent:
    def __init__(self, levels):
        self.levels = levels
'''

NUMPY = """
from fsqcheck.reference import FSQ

class Quantizer(FSQ):
    def __init__(self, bins):
        super().__init__(bins, "widened")

class OnlyOneWidth:
    def __init__(self, levels):
        self.levels, self.inner = levels, FSQ(levels, "widened")
    def __call__(self, z):
        assert z.shape[-1] == len(self.levels)
        return self.inner(z)
"""
