"""Orthogonal steps scaled coordinate by coordinate (Si et al., 2025)."""

import torch
from torch import Tensor

from nagbench.optimizers import muon
from nagbench.optimizers.muon import Muon

_EPS = 1e-8


class AdaMuon(Muon):
    r"""`Muon` of the momentum's signs, divided as Adam divides, at a fixed size.

    .. math::
        O = \mathrm{orthogonal}(\mathrm{sign}((1 - \mu) G + \mu M)), \qquad
        V \leftarrow \mu V + (1 - \mu) O^2, \qquad
        S = O / \sqrt{V}, \qquad
        W \leftarrow W - 0.2 \, \eta \sqrt{\mathrm{entries}} \, S / \|S\|

    so that a step's root mean square is 0.2 η, as AdamW's is about. The signs are the authors'
    code's; a library leaves them out. All else is `Muon`'s, the Adam inside too.

    Args:
        params: Groups of parameters, each with the flag `use_muon`.
        lr: Learning rate η of the matrices.
        momentum: μ.
        nesterov: Whether the gradient is mixed in.
        adam_lr: Learning rate of the Adam inside.
        weight_decay: Decoupled weight decay.
    """

    def moved(self, parameter: Tensor, direction: Tensor, momentum: float) -> Tensor:
        (square,) = self.state_tensors([parameter], "square")
        matrix = muon.orthogonal(direction.sign().flatten(1)).to(parameter.dtype)
        step = matrix.view_as(parameter)
        square.mul_(momentum).addcmul_(step, step, value=1 - momentum)
        step = step / (square.sqrt() + _EPS)
        length = torch.linalg.vector_norm(step) + _EPS
        return step * (0.2 * parameter.numel() ** 0.5 / length)
