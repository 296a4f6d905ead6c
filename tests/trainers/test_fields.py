"""A user's dataclass as keys: which annotations and defaults it may have, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from typing import Any, Literal

import pytest

import xorlab
from tests.helpers.samples import table
from tests.trainers import coin
from xorlab.errors import ConfigError, UsageError
from xorlab.trainers.spec import spec_of

ROOT = coin.train.schema.kind


@dataclass
class Net:
    sizes: list[int] = field(default_factory=lambda: [2, 2])
    bias: bool = True


@dataclass
class Deep:
    seed: int = 0
    net: Net = field(default_factory=Net)


def trainer_of(*fields: Any):
    kind = make_dataclass("Mine", [("seed", int, 0), *fields])
    return xorlab.trainer(name="mine", config=kind)(lambda config: xorlab.Result("unsolved", 1))


@pytest.mark.parametrize(
    ("hint", "default", "message"),
    [
        (Literal["a", "b"], "a", r"Mine.x: .*Literal.* use str with xorlab.field\(choices=...\)"),
        (int | list[int], 1, r"Mine.x: int \| list\[int\] is not supported; use bool, int, float"),
        (dict, None, "Mine.x: dict is not supported"),
        (int, 1.5, "Mine.x=1.5: the default must be an integer"),
        (float, float("nan"), "Mine.x=nan: the default must be a number"),
    ],
)
def test_annotations_that_cannot_be_keys_say_what_to_use(hint, default, message):
    with pytest.raises(TypeError, match=message):
        trainer_of(("x", hint, default))


@pytest.mark.parametrize("name", ["plan", "tracking", "status", "rate", "_own"])
def test_names_that_xorlab_uses_are_refused(name):
    with pytest.raises(TypeError, match=f"Mine.{name}: xorlab uses this name"):
        trainer_of((name, int, 1))


def test_every_statistic_of_a_setting_has_a_name_that_no_key_may_have():
    runs = table({0.1: [1, 2, None]})
    statistics = {name for name in xorlab.convergence(runs, by=["optimizer.lr"]) if "_" not in name}
    for name in statistics - {"optimizer.lr"}:
        with pytest.raises(TypeError, match=f"Mine.{name}: xorlab uses this name"):
            trainer_of((name, int, 1))


def test_a_seed_and_defaults_are_needed():
    with pytest.raises(TypeError, match="it needs a field `seed: int = 0`"):
        xorlab.trainer(name="mine", config=make_dataclass("Mine", [("x", int, 0)]))(print)
    with pytest.raises(TypeError, match=r"Mine\.x: give it a default value"):
        xorlab.trainer(name="mine", config=make_dataclass("Mine", [("x", int)]))(print)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("chance", 1.0, "chance=1.0: must be a number > 0 and < 1"),
        ("epochs", 0, "epochs=0: must be an integer >= 1"),
        (
            "breaks",
            "odd",
            "breaks=odd: must be one of raise, exit, cancel, .*, print, hang, or null",
        ),
        ("sides", [0, "1"], "sides=.*: must be a list of integers"),
        ("seed", -1, "seed=-1: must be an integer from 0 to 4294967295"),
    ],
)
def test_values_are_refused_by_key_value_and_what_is_allowed(key, value, message):
    config = ROOT()
    setattr(config, key, value)
    with pytest.raises(ConfigError, match=message):
        coin.train.check(config)


def test_what_the_dataclass_itself_refuses_is_refused_before_training():
    @dataclass
    class Strict:
        seed: int = 0
        low: int = 0
        high: int = 1

        def __post_init__(self) -> None:
            if self.low > self.high:
                raise ValueError("low is above high")

    strict = xorlab.trainer(name="strict", config=Strict)(lambda config: xorlab.Result("solved", 1))
    config = strict.schema.kind()
    strict.check(config)
    config.low = 2
    with pytest.raises(UsageError, match="strict: ValueError: low is above high"):
        strict.check(config)


def test_sections_and_lists_come_back_as_the_users_own_classes():
    seen = []
    deep = xorlab.trainer(name="deep", config=Deep)(seen.append)
    assert deep.setting_keys == ("net.sizes", "net.bias")
    config = deep.schema.kind()
    config.net.sizes = [3]
    assert deep.own(config) == Deep(0, Net([3]))
    assert deep.own(deep.whole(Deep(4, Net([5], False)))) == Deep(4, Net([5], False))


def test_what_takes_no_part_in_equality_is_no_part_of_the_identity():
    config, other = ROOT(), ROOT()
    other.device = "gpu"
    assert spec_of(coin.train, config).key(1) == spec_of(coin.train, other).key(1)
    other.epochs = 21
    assert spec_of(coin.train, config).key(1) != spec_of(coin.train, other).key(1)


def test_a_later_field_counts_where_it_says_something_new():
    def key(*more: Any, **values: Any) -> str:
        mine = trainer_of(("x", int, 1), *more)
        config = mine.schema.kind()
        for name, value in values.items():
            setattr(config, name, value)
        return spec_of(mine, config).key(0)

    later = ("later", float, xorlab.field(0.5, added_later=True))
    assert key() == key(later) != key(later, later=0.6)
    assert key() != key(("later", float, 0.5))


def test_name_and_version_are_parts_of_the_identity():
    def key(**more: Any) -> str:
        mine = xorlab.trainer(**{"config": coin.Coin, "name": "mine", **more})(print)
        return spec_of(mine, mine.schema.kind()).key(0)

    assert len({key(), key(version=2), key(name="yours")}) == 3
    assert (coin.train.name, coin.twin.name) == ("coin", "coin.twin")


def test_a_value_without_a_type_and_a_decorator_without_brackets_are_pointed_out():
    @dataclass
    class Untyped(coin.Coin):
        lr = 0.1

    with pytest.warns(UserWarning, match=r"Untyped\.lr has no type.*: write lr: float = 0\.1"):
        xorlab.trainer(config=Untyped, name="mine")(print)
    with pytest.raises(TypeError, match=r"write @xorlab\.trainer\(version=1\), with brackets"):
        xorlab.trainer(coin.train.function)
