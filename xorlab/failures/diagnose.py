"""Why each unsolved run failed, from its recorded weights and curve."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xorlab.analysis.column_names import TRAINER
from xorlab.config.values import flat
from xorlab.errors import StoreError
from xorlab.failures.classes import CLASSES, DEFAULTS, Thresholds
from xorlab.failures.classify import classify
from xorlab.failures.failure_numbers import curve_numbers, surface_numbers
from xorlab.networks.config import Config
from xorlab.networks.spec import spec_of
from xorlab.networks.tasks.tasks import make_task
from xorlab.system.blas import one_blas_thread
from xorlab.tracking.read.given import recorded
from xorlab.tracking.read.runs import load_curves
from xorlab.tracking.read.weights import Network, load_weights
from xorlab.trainers.result import DIVERGED, UNSOLVED


def diagnose(
    runs: pd.DataFrame, uri: str | None = None, thresholds: Thresholds = DEFAULTS
) -> pd.DataFrame:
    """Explain why each run that was not solved failed.

    Args:
        runs: from `xorlab.load_runs`; any mixture of tasks, networks and settings. Solved runs,
            and those without an outcome, are left out.
        uri: address of the store; None for the one that the runs were loaded from.
        thresholds: where one class ends and the next begins.

    Returns:
        a row per unsolved or diverged run, in the order of ``runs``:

        - ``run_id``, and ``failure``: ``saddle or plateau``, ``first step too long``,
          ``saturated``, ``local minimum``, ``oscillating``, ``still improving`` or ``diverged``;
          `xorlab.failures.classify.classify` defines them;
        - ``loss_minimised``: E, what training minimises, weight decay included; see
          `xorlab.failures.curvature.error_surface`;
        - ``gradient_norm`` of E, and ``relative_gradient``, max |g_i| max(|w_i|, 1) / E (Dennis &
          Schnabel 1983, section 7.2): the share by which E changes, to first order, if one weight
          changes by its own size;
        - ``smallest_eigenvalue``, ``largest_eigenvalue`` and the number of
          ``negative_eigenvalues`` of the Hessian of E; ``kinks``: the number of (unit, pattern)
          pairs on a kink of the activation, where the Hessian means little;
        - ``sharpness``: the learning rate over the largest at which gradient descent is stable at
          this curvature, lr * largest_eigenvalue / (2 + 2 * momentum) (Cohen et al. 2021); above 1
          it cannot come to rest here; ``step_share``, lr * gradient_norm^2 / E: the share of E
          that the next step removes to first order. Both are NaN for other optimizers and for
          online updates;
        - ``saturation``: the share of (hidden unit, pattern) pairs on a flat part of the
          activation; ``stuck_outputs``: the share of wrong outputs on a flat part of theirs;
        - ``identical_units``: hidden units that equal another of their layer, up to sign;
        - ``weight_norm``; ``wrong_patterns``: patterns with an output not within the tolerance;
          ``output_mean``, ``output_low``, ``output_high``; ``outputs``: all of them to one digit;
        - ``fall_ahead``: the share of E that a descent with curvature-scaled steps removes
          (`xorlab.failures.descent`), ``distance_ahead``: how far it moves, in norms of the
          weights, ``curvature_ahead``: smallest over largest eigenvalue where it ends;
        - ``recent_change`` of the loss in the last half of the epochs, ``latest_change`` in the
          last tenth, ``oscillation``, and ``overshoot`` of the first step; see
          `xorlab.failures.failure_numbers.curve_numbers`;
        - the columns of ``runs``.

        Numbers of the error surface are NaN for a diverged run.

    Raises:
        StoreError: no such store, a run without readable weights or of another trainer, or a table
            that has changed.
        ConfigError: a network with too many parameters for its Hessian.
        TypeError: the runs are not a table of recorded runs.
    """
    failed = recorded(runs)[runs["outcome"].isin([UNSOLVED, DIVERGED])]
    if TRAINER in failed and (others := failed[TRAINER].dropna().unique().tolist()):
        raise StoreError(
            f"runs of the trainer {', '.join(others)} cannot be diagnosed: the classes of failure "
            "are of the built-in network, whose weights are recorded"
        )
    networks = load_weights(failed, uri) if len(failed) else {}
    groups: dict[tuple[object, ...], list[str]] = {}
    for run, network in networks.items():
        groups.setdefault(_shape(network.config), []).append(run)
    keys = dict(zip(failed["run_id"], failed["key"], strict=True)) if "key" in failed else {}
    with one_blas_thread():
        pieces = [
            _numbers({run: networks[run] for run in members}, keys, thresholds)
            for members in (groups or {(): []}).values()
        ]
    curves = _curve_table(load_curves(failed, uri=uri) if len(failed) else _NO_CURVES)
    numbers = pd.concat(pieces).join(curves)
    table = failed.set_index("run_id", drop=False).rename_axis(None)
    numbers = numbers.reindex(table.index)
    columns = {str(name): values.to_numpy() for name, values in numbers.items()}
    columns["outcome"] = table["outcome"].to_numpy(str)
    classes = pd.Series(classify(columns, thresholds), numbers.index, dtype=_CLASS)
    numbers.insert(0, "failure", classes)
    numbers.insert(0, "run_id", table["run_id"])
    extra = [name for name in table.columns if name not in numbers.columns]
    return numbers.join(table[extra]).reset_index(drop=True)


_CLASS = pd.CategoricalDtype(list(CLASSES))
_NO_CURVES = pd.DataFrame(
    {"run_id": pd.Series(dtype="str"), "step": np.empty(0, np.int64), "loss": np.empty(0)}
)


def _shape(config: Config) -> tuple[object, ...]:
    """A key that is equal for networks whose error surface is computed together."""
    network, training = config.network, config.training
    return (
        (config.task.choice_name, *map(str, vars(config.task).values())),  # some are lists
        tuple(map(str, vars(network).values())),
        (training.loss, training.update, training.tolerance, training.criterion, training.dtype),
    )


def _numbers(
    networks: dict[str, Network], keys: dict[str, str], thresholds: Thresholds
) -> pd.DataFrame:
    """Numbers of networks of one shape, indexed by run id; an empty table without networks."""
    configs = [network.config for network in networks.values()]
    task = make_task((configs[0] if configs else Config()).task)
    for run, config in zip(networks, configs, strict=True):
        key = spec_of(config, task).key(config.seed)
        if task.digest is not None and keys.get(run, key) != key:
            raise StoreError(
                f"{flat(config)['task.path']} has changed since run {run} was trained on it: its "
                "weights say nothing about these patterns"
            )
    numbers = surface_numbers(configs, task, list(networks.values()), thresholds)
    table = pd.DataFrame(numbers, index=pd.Index(list(networks), dtype="str"))
    return table.astype({"outputs": "str"})


def _curve_table(curves: pd.DataFrame) -> pd.DataFrame:
    """`curve_numbers` of each curve, indexed by run id."""
    rows = {
        run: curve_numbers(curve["step"].to_numpy(), curve["loss"].to_numpy())
        for run, curve in curves.groupby("run_id")
    }
    names = list(curve_numbers(np.zeros(0, np.int64), np.zeros(0)))
    return pd.DataFrame.from_dict(rows, orient="index", columns=names, dtype="float64")
