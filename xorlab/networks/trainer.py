"""The built-in network as a trainer of the harness."""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from xorlab.config.identity import RunKeys
from xorlab.errors import ConfigError
from xorlab.networks.artifacts import predictions_json, weights_npz
from xorlab.networks.config import SCHEMA, Config
from xorlab.networks.cost import backend_rows, seconds_of
from xorlab.networks.identity import SETTING_KEYS, run_keys, setting_params
from xorlab.networks.memory import estimate_memory
from xorlab.networks.planes import NetworkPlanes
from xorlab.networks.result import NetworkResult
from xorlab.networks.rules import check
from xorlab.networks.target_rules import check_targets
from xorlab.networks.tasks.tasks import Patterns, Task, make_task
from xorlab.networks.train import chunk_width, shard_key, train_chunk
from xorlab.trainers.memory import MemoryEstimate
from xorlab.trainers.reference import Reference
from xorlab.trainers.shard_result import Files, ShardResult
from xorlab.trainers.trainer import TABLE_TAG, Arrays, Trainer

TABLE_READ_TAG = "xorlab.table_read"  # how that file was understood


# What the label of a setting says.
_IN_LABEL = frozenset(
    {
        *("task", "task.bits", "task.width", "task.name"),
        *("network.hidden", "optimizer", "optimizer.lr"),
    }
)


# What a sweep may vary in one task: its name says that anyway.
_SIZES = ("task.path", "task.bits", "task.width", "task.name")


class NetworkTrainer(Trainer):
    """Trains networks, those of one shape as one array program. Its data are the patterns."""

    name = "network"
    schema = SCHEMA
    setting_keys = SETTING_KEYS
    reference = Reference("TRAINER", __name__)
    result = NetworkResult
    fewest = 256  # a NumPy call costs the same for one network as for hundreds
    knows_time = True

    @cached_property
    def planes(self) -> NetworkPlanes:
        """Over numbers of one shape, and over single weights."""
        return NetworkPlanes(self)

    def check(self, config: Config) -> None:
        """Refuse a configuration that cannot be trained."""
        check(config)

    def data_key(self, config: Config) -> Hashable:
        """The task with its keys."""
        return config.task.choice_name, repr(vars(config.task))

    def data(self, config: Config) -> Task:
        """The patterns."""
        return make_task(config.task)

    def params(self, config: Config) -> dict[str, Any]:
        """Without what is not set or plays no part."""
        return setting_params(config)

    def run_keys(self, params: Mapping[str, Any], data: Task) -> RunKeys:
        """A table counts by its content; neither name nor version of the trainer counts."""
        return run_keys(params, data.counted)

    def together(self, config: Config) -> Hashable:
        """Equal for networks of one shape and task."""
        return shard_key(config)

    def width(self, config: Config, data: Task) -> int:
        """So many that their arrays fit the cache."""
        return chunk_width(config, data)

    def seconds(self, config: Config, data: Task, count: int) -> float:
        """From a model that was measured."""
        return seconds_of(config, data, count)

    def plan_rows(self, shards: Sequence[tuple[Config, Task, int]]) -> Mapping[str, str]:
        """What compiling takes, or what it would save."""
        return backend_rows(shards)

    def memory(
        self,
        shards: Iterable[tuple[Config, Task, int]],
        runs: Sequence[tuple[Config, int]],
        workers: int,
    ) -> MemoryEstimate:
        """From the shapes of the arrays."""
        return estimate_memory(shards, runs, workers)

    def label(self, config: Config) -> str:
        """Task, sizes, and the optimizer unless it is gradient descent: ``xor h=2 rprop``."""
        words = [config.task.label, f"h={'-'.join(map(str, config.hidden)) or 0}"]
        if config.optimizer.choice_name != "gd":
            words.append(config.optimizer.choice_name)
        rate = getattr(config.optimizer, "lr", None)
        if rate is not None:
            words.append(f"lr={rate:g}")
        return " ".join(words)

    def names(self, key: str) -> bool:
        """Of any task its size, and of an optimizer its learning rate."""
        return key in _IN_LABEL

    def sweep_label(self, config: Config, axes: Container[str]) -> str:
        """The task, or what is common to the tasks if there are several."""
        if "task" in axes:
            return ""
        return config.task.choice_name if any(key in axes for key in _SIZES) else config.task.title

    def train(self, configs: Sequence[Config], data: Task) -> ShardResult:
        """As one array program."""
        return train_chunk(configs, data)

    def tags(self, data: Task) -> dict[str, str]:
        """Which file of the run is a table, and which table the patterns were read from."""
        # Where the UI looks for tables that belong to a run.
        tags = {"mlflow.loggedArtifacts": '[{"path": "predictions.json", "type": "table"}]'}
        if data.digest is None:
            return tags
        return tags | {TABLE_TAG: data.digest, TABLE_READ_TAG: str(data.understood)}

    def check_data(self, config: Config, data: Task) -> None:
        """Refuse targets that cannot be reached, or that any network meets."""
        check_targets(config, data)
        if config.tracking.objective == "accuracy" and data.answer is None:
            raise ConfigError(
                "tracking.objective",
                "accuracy",
                "another where targets are any numbers, such as final_loss: no answer is right or "
                "wrong",
            )

    def data_line(self, data: Task) -> str | None:
        """How a table was understood."""
        return None if data.understood is None else f"table {data.understood}"

    def files(self, data: Task, result: Any) -> Files:
        """Predictions and weights."""
        return {
            "predictions.json": predictions_json(result, data),
            "weights.npz": weights_npz(result),
        }

    def pack_data(self, data: Task) -> tuple[Mapping[str, Any], Arrays]:
        """The patterns, and how their codes are read."""
        header = {
            "codes": data.codes,
            "margin": data.margin,
            "digest": data.digest,
            "classes": data.classes,
            "held_out": [*data.held_out],
        }
        arrays = {"inputs": data.inputs, "targets": data.targets}
        for name, patterns in data.held_out.items():
            arrays |= {f"{name}_inputs": patterns.inputs, f"{name}_targets": patterns.targets}
        return header, arrays

    def unpack_data(self, values: Mapping[str, Any], arrays: Arrays) -> Task:
        """The reverse of `pack_data`."""
        codes = None if values["codes"] is None else (values["codes"][0], values["codes"][1])
        sets = {
            name: Patterns(arrays[f"{name}_inputs"], arrays[f"{name}_targets"])
            for name in values["held_out"]
        }
        return Task(
            arrays["inputs"],
            arrays["targets"],
            codes,
            values["margin"],
            values["digest"],
            classes=tuple(values["classes"]),
            validation=sets.get("validation"),
            test=sets.get("test"),
        )


TRAINER = NetworkTrainer()
