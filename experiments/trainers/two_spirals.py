"""PyTorch: how often does a network tell two spirals apart (Lang & Witbrock 1988)?

python two_spirals.py -m 'seed=range(0,20)' hidden=20,40 lr=0.01,0.03
"""

import math
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import nn

import xorlab


@dataclass
class Spirals:
    seed: int = 0
    hidden: int = xorlab.field(40, help="units of each of two layers", at_least=1)
    lr: float = xorlab.field(0.01, help="step size of Adam", above=0, example="lr=0.01,0.03")
    epochs: int = xorlab.field(1000, help="passes over all points", at_least=1)
    device: str = field(default="cpu", compare=False)  # no part of a run's identity


def points(device: str) -> tuple[torch.Tensor, torch.Tensor]:
    angle = torch.arange(97) * math.pi / 16
    one = (1 - angle / 20.5)[:, None] * torch.stack([angle.sin(), angle.cos()], dim=1)
    return torch.cat([one, -one]).to(device), torch.eye(2)[0].repeat_interleave(97).to(device)


def network(config: Spirals) -> nn.Sequential:
    draw = torch.Generator().manual_seed(config.seed)  # never the global generator
    layer = partial(nn.utils.skip_init, nn.Linear)
    first, second = layer(2, config.hidden), layer(config.hidden, config.hidden)
    net = nn.Sequential(first, nn.Tanh(), second, nn.Tanh(), layer(config.hidden, 1))
    for weights in net.parameters():
        nn.init.normal_(weights, std=1 / math.sqrt(weights.shape[-1]), generator=draw)
    return net.to(config.device)


@xorlab.trainer(version=1)
def train(config: Spirals) -> xorlab.Result:
    """A network with two hidden layers learns which of two spirals a point lies on."""
    (inputs, classes), net = points(config.device), network(config)
    optimizer = torch.optim.Adam(net.parameters(), config.lr)
    note = xorlab.Recorder(solved=lambda now: now["errors"] == 0)
    for epoch in range(config.epochs + 1):
        outputs = net(inputs)[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(outputs, classes)
        if note(epoch, loss=loss.item(), errors=((outputs > 0) != (classes > 0)).sum().item()):
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return note.result(**{name: weights.cpu() for name, weights in net.state_dict().items()})


if __name__ == "__main__":
    xorlab.main(train)
