"""exp, log and tanh of rows, within 1 ulp, from operations that every processor rounds alike.

There are no branches and no tables. Polynomials are Chebyshev fits, made with 40 digits.
"""

from __future__ import annotations

import math

from xorlab.networks.compiled.code import Code

_LOG2_E = 1.4426950408889634
# ln 2 in two parts: so few bits in the first that a whole number up to 2^20 times it is exact.
_LN2_HIGH, _LN2_LOW = 0.6931471804855391, 7.440617110012397e-11
_ROUND = 1.5 * 2.0**52  # added and taken away again, it rounds to a whole number
_ONE_BITS = 0x3FF0000000000000
_MANTISSA, _EXPONENTS = 0x000FFFFFFFFFFFFF, 0x4330000000000000

# (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2.
_EXP = (
    0.5000000000000001, 0.16666666666666669, 0.04166666666662413, 0.008333333333330062,
    0.0013888888917213717, 0.00019841269863053618, 2.4801521295954376e-05, 2.7557268459997064e-06,
    2.7620088445409746e-07, 2.510038549551032e-08,
)  # fmt: skip
# tanh(r / 2) = r P(r^2) / Q(r^2) for |r| <= ln(2) / 2, within 1.4e-18 of exp(r). Q(0) = 13/8 2^-52:
# the power for `logistic`, and 13/8 so that Q + r P and Q - r P lose least by rounding.
_TANH_P = (1.8041124150158794e-16, 5.010867484106741e-18, 1.1922702680539363e-20)
_TANH_Q = (3.608224830031759e-16, 4.009027521847742e-17, 3.5784764859244657e-19)
# (tanh(x) / x - 1) / x^2 in terms of x^2, for |x| <= 0.625.
_TANH = (
    -0.3333333333333333, 0.13333333333333042, -0.05396825396789699, 0.021869488519008305,
    -0.008863235103240878, 0.0035921217511549622, -0.0014557754120478055, 0.0005896606577757043,
    -0.0002375906496055562, 9.257116129556769e-05, -3.12011014257974e-05, 6.485163482793113e-06,
)  # fmt: skip
_TANH_SMALL = 0.625
# (log((1 + s) / (1 - s)) / s - 2) / s^2 in terms of s^2, for (1 + s) / (1 - s) up to sqrt(2).
_LOG = (
    0.6666666666666666, 0.4000000000000088, 0.2857142857080323, 0.2222222239180047,
    0.18181795630884753, 0.15386240205813478, 0.13268759668560612, 0.13086767009948175,
)  # fmt: skip


class Doubles:
    """Arithmetic on rows of doubles, written short."""

    def __init__(self, code: Code) -> None:
        self.code = code

    def constant(self, value: float) -> str:
        """A double in every lane."""
        return self.code.number("double", value)

    def add(self, a: str, b: str) -> str:
        """Sum."""
        return self.code.binary("fadd", "double", a, b)

    def sub(self, a: str, b: str) -> str:
        """Difference."""
        return self.code.binary("fsub", "double", a, b)

    def mul(self, a: str, b: str) -> str:
        """Product."""
        return self.code.binary("fmul", "double", a, b)

    def div(self, a: str, b: str) -> str:
        """Quotient."""
        return self.code.binary("fdiv", "double", a, b)

    def pick(self, comparison: str, a: str, b: str, first: str, second: str) -> str:
        """The first where a comparison of a and b holds, else the second."""
        mask = self.code.binary(f"fcmp {comparison}", "double", a, b)
        return self.code.select(mask, "double", first, second)

    def polynomial(self, x: str, coefficients: tuple[float, ...]) -> str:
        """By Horner's rule in x^2, for even and odd powers: half as long a chain."""
        square = self.mul(x, x)
        parts = []
        for own in (coefficients[::2], coefficients[1::2]):
            total = self.constant(own[-1])
            for one in own[-2::-1]:
                total = self.add(self.mul(total, square), self.constant(one))
            parts.append(total)
        return self.add(parts[0], self.mul(parts[1], x))

    def bits(self, x: str) -> str:
        """The same bits as integers."""
        return self.code.cast("bitcast", "double", x, "i64")

    def power(self, exponent: str) -> str:
        """2 to an integer, of which only the last 12 bits count."""
        shifted = self.code.binary("shl", "i64", exponent, self.code.number("i64", 52))
        biased = self.code.binary("add", "i64", shifted, self.code.number("i64", _ONE_BITS))
        return self.code.cast("bitcast", "i64", biased, "double")


def _reduced_exp(d: Doubles, x: str) -> tuple[str, str, str, str]:
    """exp(x) for x from -750 to 711 as (high + low) 2^a 2^b: high, low, and both powers."""
    rounded = d.add(d.mul(x, d.constant(_LOG2_E)), d.constant(_ROUND))
    whole = d.sub(rounded, d.constant(_ROUND))
    near, less = d.sub(x, d.mul(whole, d.constant(_LN2_HIGH))), d.mul(whole, d.constant(_LN2_LOW))
    r = d.sub(near, less)
    # Not r itself, from which rounding has taken something.
    tail = d.add(near, d.sub(d.mul(d.mul(r, r), d.polynomial(r, _EXP)), less))
    high = d.add(d.constant(1.0), tail)
    low = d.sub(tail, d.sub(high, d.constant(1.0)))
    # In two factors, for neither 2^-1075 nor 2^1024 is a number.
    exponent = d.bits(rounded)
    half = d.code.binary("lshr", "i64", exponent, d.code.number("i64", 1))
    rest = d.code.binary("sub", "i64", exponent, half)
    return high, low, d.power(half), d.power(rest)


def exp(code: Code, x: str) -> str:
    """The exponential function."""
    d = Doubles(code)
    x = d.pick("olt", x, d.constant(-750.0), d.constant(-750.0), x)
    x = d.pick("ogt", x, d.constant(711.0), d.constant(711.0), x)
    high, _, first, second = _reduced_exp(d, x)
    return d.mul(d.mul(high, first), second)


def logistic(code: Code, x: str) -> str:
    """1 / (1 + exp(x)), with one division and without exp(x).

    With x = n ln 2 + r and tanh(r / 2) = r P / Q, exp(r) = (Q + r P) / (Q - r P).
    """
    d = Doubles(code)
    x = d.pick("ogt", x, d.constant(745.4), d.constant(745.4), x)
    x = d.pick("olt", x, d.constant(-100.0), d.constant(-100.0), x)
    rounded = d.add(d.mul(x, d.constant(_LOG2_E)), d.constant(_ROUND))
    whole = d.sub(rounded, d.constant(_ROUND))
    near = d.sub(x, d.mul(whole, d.constant(_LN2_HIGH)))
    r = d.sub(near, d.mul(whole, d.constant(_LN2_LOW)))
    square = d.mul(r, r)
    odd, even = (
        d.add(d.mul(d.add(d.mul(d.constant(c), square), d.constant(b)), square), d.constant(a))
        for a, b, c in (_TANH_P, _TANH_Q)
    )
    odd = d.mul(r, odd)
    # 2^n (Q + r P) with n from -144 to 1075 is a number, as Q is about 2^-51.
    shift = code.binary("shl", "i64", d.bits(rounded), code.number("i64", 52))
    scaled = code.binary("add", "i64", d.bits(d.add(even, odd)), shift)
    less = d.sub(even, odd)
    return d.div(less, d.add(less, code.cast("bitcast", "i64", scaled, "double")))


def tanh(code: Code, x: str) -> str:
    """Hyperbolic tangent: a polynomial near 0, else 1 - 2 e / (1 + e) with e = exp(-2 |x|)."""
    d = Doubles(code)
    square = d.mul(x, x)
    cube = d.mul(square, d.polynomial(square, _TANH))
    small = d.pick("oeq", x, d.constant(0.0), x, d.add(x, d.mul(x, cube)))  # -0.0 stays
    size = code.call("fabs", "double", x)
    capped = d.pick("ogt", size, d.constant(30.0), d.constant(30.0), size)
    high, low, first, second = _reduced_exp(d, d.mul(capped, d.constant(-2.0)))
    e, e_rest = (d.mul(d.mul(part, first), second) for part in (high, low))
    # What rounding takes from 1 + e is put back into the quotient.
    total = d.add(d.constant(1.0), e)
    total_rest = d.add(d.add(d.sub(d.constant(1.0), total), e), e_rest)
    share = d.div(d.add(e, e), total)
    # Of so small a number a hundredth does not count, and 1 / (1 + e) is about 1 - 0.81 e.
    mended = d.sub(d.add(e_rest, e_rest), d.mul(share, total_rest))
    mended = d.mul(mended, d.sub(d.constant(1.0), d.mul(e, d.constant(0.81))))
    large = d.sub(d.constant(1.0), share)
    lost = d.sub(d.sub(d.constant(1.0), large), share)
    large = d.add(large, d.sub(lost, mended))
    negative = code.value(f"fneg {code.row('double')} {large}")
    large = d.pick("olt", x, d.constant(0.0), negative, large)
    return d.pick("olt", size, d.constant(_TANH_SMALL), small, d.pick("uno", x, x, x, large))


def log(code: Code, x: str) -> str:
    """Natural logarithm: x = 2^k m with m from sqrt(1/2) to sqrt(2), and log m = 2 artanh s."""
    d = Doubles(code)
    tiny = code.binary("fcmp olt", "double", x, d.constant(2.0**-1022))
    scaled = code.select(tiny, "double", d.mul(x, d.constant(2.0**54)), x)
    bits = d.bits(scaled)
    biased = code.binary("lshr", "i64", bits, code.number("i64", 52))
    whole = code.binary("or", "i64", biased, code.number("i64", _EXPONENTS))
    power = d.sub(code.cast("bitcast", "i64", whole, "double"), d.constant(2.0**52))
    kept = code.binary("and", "i64", bits, code.number("i64", _MANTISSA))
    kept = code.binary("or", "i64", kept, code.number("i64", _ONE_BITS))
    m = code.cast("bitcast", "i64", kept, "double")
    upper = code.binary("fcmp ogt", "double", m, d.constant(math.sqrt(2.0)))
    m = code.select(upper, "double", d.mul(m, d.constant(0.5)), m)
    offset = code.select(upper, "double", d.constant(-1022.0), d.constant(-1023.0))
    offset = d.add(offset, code.select(tiny, "double", d.constant(-54.0), d.constant(0.0)))
    k = d.add(power, offset)
    f = d.sub(m, d.constant(1.0))
    s = d.div(f, d.add(f, d.constant(2.0)))
    square = d.mul(s, s)
    half = d.mul(d.mul(f, f), d.constant(0.5))
    # log(1 + f) = f - (f^2 / 2 - s (f^2 / 2 + R)): the small terms first.
    series = d.mul(square, d.polynomial(square, _LOG))
    inner = d.mul(s, d.add(half, series))
    inner = d.add(inner, d.mul(k, d.constant(_LN2_LOW)))
    result = d.sub(d.mul(k, d.constant(_LN2_HIGH)), d.sub(d.sub(half, inner), f))
    result = d.pick("oeq", x, d.constant(0.0), d.constant(-math.inf), result)
    result = d.pick("oeq", x, d.constant(math.inf), x, result)
    return d.pick("ult", x, d.constant(0.0), d.constant(math.nan), result)
