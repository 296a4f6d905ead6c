"""What each NumPy function is on rows of networks."""

from __future__ import annotations

from collections.abc import Callable

from xorlab.networks.compiled import elementary
from xorlab.networks.compiled.code import Code

_ARITHMETIC = {"add": "add", "subtract": "sub", "multiply": "mul"}
_COMPARED = {
    "equal": ("oeq", "eq"),
    "greater": ("ogt", "sgt"),
    "greater_equal": ("oge", "sge"),
    "less": ("olt", "slt"),
    "less_equal": ("ole", "sle"),
    "not_equal": ("une", "ne"),
}
_LOGICAL = {"logical_and": "and", "logical_or": "or"}
# About how many instructions each takes; all others take one.
COSTS = {"exp": 40, "tanh": 100, "log": 60, "logistic": 25}
COSTS |= {"divide": 2, "take": 3, "maximum": 4, "minimum": 4, "sign": 5}


def known(name: str, kind: str, out: str) -> bool:
    """Whether a function is written here, for operands and a result of these types."""
    floating = kind in ("double", "float")
    if name in _COMPARED:
        return kind != "i1" and out != "i64"
    if name in _LOGICAL or name == "logical_not":
        return kind == out == "i1"
    if name in ("positive", "copyto"):
        return kind == out
    if name in _ARITHMETIC:
        return kind == out != "i1"
    rest = name in _UNARY or name in ("divide", "maximum", "minimum")
    return rest and floating and kind == out


def apply(code: Code, name: str, kind: str, out: str, values: list[str]) -> str:
    """Write one function of rows.

    Args:
        code: to write to.
        name: NumPy's name of the function, or that of `xorlab.networks.compiled.fused`.
        kind: type of the operands.
        out: type of the result.
        values: the operands.

    Returns:
        the result.
    """
    floating = kind in ("double", "float")
    if name in ("positive", "copyto"):
        return values[0]
    if name in _ARITHMETIC:
        return code.binary("f" * floating + _ARITHMETIC[name], kind, *values)
    if name == "divide":
        return code.binary("fdiv", kind, *values)
    if name in _LOGICAL:
        return code.binary(_LOGICAL[name], "i1", *values)
    if name == "logical_not":
        return code.binary("xor", "i1", values[0], code.number("i1", 1))
    if name in _COMPARED:
        ordered = _COMPARED[name][not floating]
        mask = code.binary(f"{'f' * floating or 'i'}cmp {ordered}", kind, *values)
        if out == "i1":
            return mask
        return code.select(mask, out, code.number(out, 1.0), code.number(out, 0.0))
    if name in ("maximum", "minimum"):
        return _bound(code, name, kind, *values)
    return _UNARY[name](code, kind, values[0])


def _bound(code: Code, name: str, kind: str, first: str, second: str) -> str:
    """The larger or the smaller; NaN where one is."""
    ordered = code.binary(f"fcmp {'oge' if name == 'maximum' else 'ole'}", kind, first, second)
    unknown = code.binary("fcmp uno", kind, first, first)
    mask = code.binary("or", "i1", ordered, unknown)
    return code.select(mask, kind, first, second)


def _sign(code: Code, kind: str, x: str) -> str:
    zero, one, less = (code.number(kind, value) for value in (0.0, 1.0, -1.0))
    below = code.select(code.binary("fcmp olt", kind, x, zero), kind, less, x)
    found = code.select(code.binary("fcmp ogt", kind, x, zero), kind, one, below)
    return code.select(code.binary("fcmp oeq", kind, x, zero), kind, zero, found)


def _elementary(function: Callable[[Code, str], str]) -> Callable[[Code, str, str], str]:
    """A function in double precision, whatever the operand's is."""

    def emit(code: Code, kind: str, x: str) -> str:
        if kind == "double":
            return function(code, x)
        wide = code.cast("fpext", kind, x, "double")
        return code.cast("fptrunc", "double", function(code, wide), kind)

    return emit


_UNARY: dict[str, Callable[[Code, str, str], str]] = {
    "absolute": lambda code, kind, x: code.call("fabs", kind, x),
    "negative": lambda code, kind, x: code.value(f"fneg {code.row(kind)} {x}"),
    "sign": _sign,
    "sqrt": lambda code, kind, x: code.call("sqrt", kind, x),
    "exp": _elementary(elementary.exp),
    "log": _elementary(elementary.log),
    "logistic": _elementary(elementary.logistic),
    "tanh": _elementary(elementary.tanh),
}
