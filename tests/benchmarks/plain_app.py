"""The plain way: Hydra's basic launcher, the notebook's loop, `mlflow.log_metric` at 100 steps.

Honest plain code, as a tutorial would show it; the benchmark of sweeps runs it beside xorlab.
"""

from __future__ import annotations

import json
from pathlib import Path

import hydra
import mlflow
import numpy as np
from omegaconf import DictConfig, OmegaConf

from tests.benchmarks.notebook_loop import sigmoid, sigmoid_derivative


@hydra.main(version_base="1.3", config_path=None, config_name=None)
def main(cfg: DictConfig) -> float:
    mlflow.set_tracking_uri(f"sqlite:///{Path.cwd() / 'plain.db'}")
    mlflow.set_experiment("plain")
    rng = np.random.RandomState(cfg.seed)
    weights_1, weights_2 = rng.rand(2, 2), rng.rand(2, 1)
    bias_1, bias_2 = rng.rand(1, 2), rng.rand(1, 1)
    inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    targets = np.array([[0], [1], [1], [0]])
    with mlflow.start_run(run_name=f"xor lr={cfg.lr} seed={cfg.seed}"):
        mlflow.log_params(OmegaConf.to_container(cfg))
        for epoch in range(cfg.epochs):
            hidden = sigmoid(np.dot(inputs, weights_1) + bias_1)
            output = sigmoid(np.dot(hidden, weights_2) + bias_2)
            error = targets - output
            delta_2 = error * sigmoid_derivative(output)
            delta_1 = delta_2.dot(weights_2.T) * sigmoid_derivative(hidden)
            weights_2 += hidden.T.dot(delta_2) * cfg.lr
            bias_2 += np.sum(delta_2, axis=0, keepdims=True) * cfg.lr
            weights_1 += inputs.T.dot(delta_1) * cfg.lr
            bias_1 += np.sum(delta_1, axis=0, keepdims=True) * cfg.lr
            if epoch % (cfg.epochs // 100) == 0:
                mlflow.log_metric("loss", float(np.mean(error**2)), step=epoch)
        mlflow.log_dict(json.loads(json.dumps({"output": output.tolist()})), "predictions.json")
        return float(np.mean(error**2))


if __name__ == "__main__":
    main()
