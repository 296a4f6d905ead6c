"""The keys of sweepers and launcher, as the help tells them."""

from __future__ import annotations

# Key to default and meaning. The plug-in that Hydra finds has the keys themselves, and must not
# be imported for a page of help.
Keys = dict[str, tuple[str, str]]

LAUNCHER_KEYS: Keys = {
    "engine": (
        "local",
        "this machine, or a cluster: one of local, slurm, ray, dask (with the extra "
        "xorlab[slurm], xorlab[ray] or xorlab[dask])",
    ),
    "executor": (
        "processes",
        "local: where networks are trained; one of processes, threads, inline",
    ),
    "workers": (
        "null",
        "how many at a time; local: null for all cores; slurm: how many jobs to ask for; ray, "
        "dask: null for all that there is room for",
    ),
    "address": ("null", "ray: of the cluster, null for this machine's; dask: of the scheduler"),
    "partition": ("null", "slurm: its name"),
    "time": ("null", "slurm: minutes that a job may take"),
    "memory": ("null", "slurm, ray: MiB for each worker"),
    "cpus": ("null", "slurm, ray: cores for each worker"),
    "folder": ("null", "slurm: where work passes, on a disk that all nodes see; null: slurm"),
    "start_timeout": (
        "null",
        "slurm, ray, dask: seconds to wait while there is no worker; null: 3600",
    ),
}

PRECISION_KEYS: Keys = {
    "half_width": (
        "0.05",
        "a setting has seeds enough when the interval of its success rate reaches no further to "
        "either side; above 0 and below 0.5",
    ),
    "confidence": ("0.95", "of that interval, however often it is looked at; between 0 and 1"),
    "max_seeds": ("1000", "seeds that a setting gets at most"),
    "first_seed": ("0", "every setting begins with this one"),
    "first_round": ("20", "seeds that every setting gets before the first look"),
}

# Dotted, as they are typed, to the choice that they belong to.
SWEEP_KEYS = {
    **{f"hydra.launcher.{name}": "hydra/launcher=vectorized" for name in LAUNCHER_KEYS},
    **{f"hydra.sweeper.{name}": "hydra/sweeper=precision" for name in PRECISION_KEYS},
}
