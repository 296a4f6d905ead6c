"""A few recorded runs, for filters and reports to be about."""

from __future__ import annotations

import xorlab
from xorlab.config.tracking_keys import TrackingConfig
from xorlab.networks.spec import spec_of
from xorlab.system.git import Provenance
from xorlab.tracking.choose_recorder import make_recorder
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.write.record import Context, finished


def record_some() -> list[str | None]:
    """Eight runs of two settings, in the store of the working directory; their ids."""
    configs = [
        xorlab.configure(f"seed={seed}", f"optimizer.lr={lr}", "training.epochs=400")
        for seed in range(4)
        for lr in (0.5, 3)
    ]
    context = Context(Provenance("1"))
    results = zip(configs, xorlab.train_many(configs), strict=True)
    records = [
        finished(spec_of(config), config.seed, result, context, 1, 2) for config, result in results
    ]
    return make_recorder(open_store(None, "xorlab"), TrackingConfig(), print).record(
        records, skip_existing=False
    )
