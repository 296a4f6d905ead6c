"""What tests of stores share."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.faults.server_faults import IMPATIENT
from tests.helpers.postgres import Postgres, no_postgres, serving_postgres
from tests.helpers.proxies import Proxy, proxied
from xorlab.tracking.store.opening import open_store


@pytest.fixture(scope="session")
def postgres(tmp_path_factory) -> Iterator[Postgres]:
    """A server with a template of a store: making one takes MLflow seconds, copying it none."""
    reason = no_postgres()
    if reason is not None:
        pytest.skip(reason)
    with serving_postgres() as server:
        place = tmp_path_factory.mktemp("template")
        store = open_store(server.create("template_store"), "template", artifacts=str(place))
        store.client._tracking_client.store.engine.dispose()
        yield server


@pytest.fixture
def uri(postgres) -> str:
    """The address of a store without runs."""
    return postgres.create(f"db{uuid4().hex}", "template_store")


@pytest.fixture
def proxy(server, monkeypatch) -> Iterator[Proxy]:
    """A proxy in front of the server, and a client that gives up soon."""
    for name, value in IMPATIENT.items():
        monkeypatch.setenv(name, value)
    with proxied(server) as proxy:
        yield proxy
