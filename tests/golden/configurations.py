"""Fifty configurations that together use every choice and every key that decides a result."""

from __future__ import annotations

from pathlib import Path

# Two tables, written by the test: the content of a table decides the key of a run, not its path.
TABLES = {
    "patterns.csv": "x1,x2,y\n0,0,0\n0,1,1\n1,0,1\n1,1,1\n",
    "two-targets.tsv": "0.5\t-1\t0\t1\n-0.25\t1\t1\t0\n1\t0.125\t0.5\t0.5\n",
}
# What a path in the overrides below begins with.
_FOLDER = "FOLDER"

# Name to overrides.
KINDS = {
    # Tasks
    "default": "",
    "fast": "optimizer.lr=2",
    "and": "task=and optimizer.lr=2",
    "or": "task=or optimizer.lr=2 training.stop_when_solved=true",
    "nand": "task=nand init=glorot optimizer.lr=1",
    "nor": "task=nor init=he optimizer.lr=1",
    "xnor": "task=xnor init=uniform init.range=2 optimizer.lr=2",
    "parity": "task=parity init=uniform init.range=1.5 network.hidden=4 optimizer.lr=1",
    "parity_deep": "task=parity task.bits=4 network.hidden=[4,4] init=glorot optimizer.lr=0.5",
    "symmetry": "task=symmetry network.hidden=2 init=uniform optimizer.lr=0.5 training.epochs=150",
    "symmetry_small": "task=symmetry task.bits=3 network.hidden=3 init=normal init.std=0.5",
    "encoder": "task=encoder network.hidden=3 init=uniform optimizer.lr=1",
    "encoder_small": "task=encoder task.width=4 network.hidden=2 init=normal optimizer=rprop",
    "table": "task=table task.path=FOLDER/patterns.csv init=glorot optimizer.lr=2",
    "table_targets": "task=table task.path=FOLDER/two-targets.tsv task.outputs=2 optimizer.lr=1",
    # Codes of inputs and targets
    "bipolar": "task.low=-1 init=nguyen_widrow optimizer.lr=1 network.hidden=3",
    "soft_targets": "task.target_low=0.1 task.target_high=0.9 training.tolerance=0.2 "
    "optimizer.lr=3",
    "tanh_codes": "task.low=-1 task.target_low=-1 network.activation=tanh network.output=tanh "
    "init=uniform init.range=0.7 optimizer.lr=0.2",
    # Initial weights
    "given": "init=given init.weights=[5,5,-2,5,5,-7,6,-6,-3] optimizer.lr=0.5",
    "given_xy": "init=given init.weights=[-5,-3,3,6,y,-1,-6,7,x] init.x=2.5 init.y=-4 "
    "optimizer.lr=3.25 optimizer.momentum=0.4",
    "normal": "init=normal init.std=0.3 optimizer.lr=4",
    # Networks
    "one_unit": "network.hidden=1 network.skip=true init=uniform optimizer.lr=2",
    "list_of_one": "network.hidden=[5] init=uniform optimizer.lr=2",
    "deep": "network.hidden=[3,2,3] init=glorot network.activation=tanh optimizer.lr=0.5",
    "deep_skip": "network.hidden=[3,2] network.skip=true init=he network.activation=relu",
    "wide": "network.hidden=16 init=uniform optimizer.lr=1",
    "relu_sum": "task.low=-1 network.activation=relu network.readout=sum network.output=linear "
    "init=he optimizer=adam optimizer.lr=0.05 optimizer.beta2=0.99 optimizer.epsilon=5e-9 "
    "training.loss=half_mse training.target_loss=1e-5",
    "leaky_sum": "task.low=-1 network.activation=leaky_relu network.slope=0.8 network.readout=sum "
    "network.output=linear init=he optimizer=adam optimizer.lr=0.1",
    "abs": "network.activation=abs network.output=linear init=uniform optimizer.lr=0.05",
    "leaky": "network.activation=leaky_relu network.output=leaky_relu init=he optimizer.lr=0.05",
    "linear": "network.activation=linear network.output=relu init=uniform optimizer.lr=0.7",
    # Optimizers
    "momentum": "optimizer.lr=1 optimizer.momentum=0.9 init=uniform",
    "decay": "optimizer.lr=1 optimizer.weight_decay=1e-4 init=uniform",
    "momentum_decay": "optimizer.lr=7 optimizer.momentum=0.65 optimizer.weight_decay=1e-5 "
    "init=uniform init.range=1.4 training.stop_when_solved=true training.record_every=10",
    "rprop": "optimizer=rprop init=uniform",
    "rprop_keys": "optimizer=rprop optimizer.eta_plus=1.1 optimizer.eta_minus=0.7 "
    "optimizer.delta_0=0.01 optimizer.delta_max=1 optimizer.delta_min=1e-9",
    "quickprop": "optimizer=quickprop optimizer.lr=0.5 init=uniform",
    "quickprop_keys": "optimizer=quickprop optimizer.mu=2 optimizer.weight_decay=1e-4 "
    "optimizer.gradient_term=always init=uniform network.hidden=3",
    "quickprop_zero": "optimizer=quickprop optimizer.gradient_term=zero_step init=uniform",
    "adam": "optimizer=adam optimizer.lr=0.05 init=glorot",
    "adam_keys": "optimizer=adam optimizer.lr=0.02 optimizer.beta1=0.8 optimizer.epsilon=1e-7",
    "delta_bar_delta": "optimizer=delta_bar_delta init=uniform",
    "delta_bar_delta_keys": "optimizer=delta_bar_delta optimizer.lr=0.5 optimizer.kappa=0.1 "
    "optimizer.phi=0.1 optimizer.theta=0.5 init=normal",
    # Training
    "half_mse": "training.loss=half_mse optimizer.lr=8 init=uniform training.target_loss=0.01",
    "cross_entropy": "training.loss=cross_entropy optimizer.lr=1 init=uniform",
    "online": "training.update=online optimizer.lr=4 init=uniform training.record_every=7",
    "online_adam": "training.update=online optimizer=adam optimizer.lr=0.1 "
    "training.loss=cross_entropy network.activation=tanh",
    "gradient_limit": "training.min_gradient=0.02 optimizer.lr=1 init=normal init.std=2",
    "float32": "training.dtype=float32 optimizer.lr=2 init=uniform",
    "float32_diverges": "training.dtype=float32 network.activation=relu network.output=linear "
    "init=normal optimizer.lr=5 network.hidden=[4,4]",
}
assert len(KINDS) == 50


def write_tables(folder: Path) -> None:
    """Write the tables that some kinds read."""
    for name, content in TABLES.items():
        (folder / name).write_text(content, encoding="utf-8")


def overrides(name: str, folder: Path) -> list[str]:
    """The overrides of a kind, with its tables in ``folder``."""
    return KINDS[name].replace(_FOLDER, str(folder)).split()
