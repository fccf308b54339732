"""Eight numbers at once: the value type that the lane kernels compute with.

A `Lanes` value is what one instruction handles on a processor with 512-bit registers (two or four
instructions on others). Lane l of every value belongs to sequence l of a block, so a kernel on
lanes reads like one on a single sequence. Lanes never mix, and no sum is reordered: a sequence
gets the same bits whatever stands in the other lanes.

Compiled, the functions below become LLVM's own vector instructions, which numba's loops cannot be
relied on to reach. As plain Python the same source works on NumPy rows of LANES numbers.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending, types
from numba.core import cgutils as untyped_cgutils

from hmmcore.arrays import FloatArray
from hmmcore.compiling import kernel

LANES = 8

# Untyped in numba.
intrinsic: Any = extending.intrinsic
overload: Any = extending.overload
cgutils: Any = untyped_cgutils

_DOUBLES = ir.VectorType(ir.DoubleType(), LANES)
_BITS = ir.VectorType(ir.IntType(64), LANES)


class _LanesType(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"Lanes({LANES})")


_LANES_TYPE = _LanesType()


@extending.register_model(_LanesType)
class _LanesModel(extending.models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Any) -> None:
        super().__init__(manager, fe_type, _DOUBLES)  # type: ignore[no-untyped-call]


def _constant(vector: ir.VectorType, value: Any) -> ir.Constant:
    return ir.Constant(vector, [value] * LANES)


# --- memory -------------------------------------------------------------------------------------


def aligned(*shape: int) -> FloatArray:
    """An uninitialised array whose lanes never straddle two of the processor's cache lines."""
    size, line = math.prod(shape), LANES * 8
    memory = np.empty(size + LANES - 1)
    first = -memory.ctypes.data % line // 8
    return memory[first : first + size].reshape(shape)


@kernel()
def aligned_rows(i: int, j: int) -> FloatArray:
    """`aligned` (I, J, LANES), for kernels."""
    memory = np.empty((i * j + 1) * LANES)
    first = -memory.ctypes.data % (LANES * 8) // 8
    return memory[first : first + i * j * LANES].reshape(i, j, LANES)


def load(rows: FloatArray, i: int, j: int) -> FloatArray:
    """The lanes at rows[i, j] of an array (I, J, LANES)."""
    return np.array(rows[i, j])


def store(rows: FloatArray, i: int, j: int, value: FloatArray) -> None:
    """Put lanes at rows[i, j] of an array (I, J, LANES)."""
    rows[i, j] = value


def entry(matrix: FloatArray, i: int, j: int) -> FloatArray:
    """matrix[i, j]: one number for all lanes, or the lanes' own of an array (I, J, LANES)."""
    return np.asarray(matrix[i, j])


def fill(number: float) -> FloatArray:
    """The same number in every lane."""
    return np.full(LANES, number)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, indices: Any) -> Any:
    """Where the lanes at [i, j] are, in a contiguous array (I, J, LANES).

    The compiler cannot see that a row has LANES numbers: told so, it need not multiply for every
    place, which took longer than the arithmetic between.
    """
    assert (array_type.ndim, array_type.layout) == (3, "C")
    struct = context.make_array(array_type)(context, builder, array)
    i, j = indices
    width = builder.extract_value(struct.shape, 1)
    place = builder.add(builder.mul(i, width), j)
    return builder.gep(builder.bitcast(struct.data, _DOUBLES.as_pointer()), [place])


@intrinsic
def _load(typingctx: Any, rows: Any, i: Any, j: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array, *indices = args
        indices = [
            context.cast(builder, index, kind, types.intp)
            for index, kind in zip(indices, signature.args[1:], strict=True)
        ]
        return builder.load(_pointer(context, builder, signature.args[0], array, indices), align=8)

    return _LANES_TYPE(rows, i, j), codegen


@intrinsic
def _store(typingctx: Any, rows: Any, i: Any, j: Any, value: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array, *indices, value = args
        indices = [
            context.cast(builder, index, kind, types.intp)
            for index, kind in zip(indices, signature.args[1:3], strict=True)
        ]
        place = _pointer(context, builder, signature.args[0], array, indices)
        builder.store(value, place, align=8)
        return context.get_dummy_value()

    return types.void(rows, i, j, value), codegen


@intrinsic
def _fill(typingctx: Any, number: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _splat(builder, args[0])

    return _LANES_TYPE(types.float64), codegen


def _splat(builder: Any, number: Any) -> Any:
    index = ir.IntType(32)
    single = builder.insert_element(ir.Constant(_DOUBLES, ir.Undefined), number, index(0))
    mask = ir.Constant(ir.VectorType(index, LANES), [0] * LANES)
    return builder.shuffle_vector(single, single, mask)


@overload(load, strict=False)
def _load_overload(rows: Any, i: Any, j: Any) -> Any:
    return lambda rows, i, j: _load(rows, i, j)


@overload(store, strict=False)
def _store_overload(rows: Any, i: Any, j: Any, value: Any) -> Any:
    return lambda rows, i, j, value: _store(rows, i, j, value)


@overload(entry, strict=False)
def _entry_overload(matrix: Any, i: Any, j: Any) -> Any:
    if matrix.ndim == 2:
        return lambda matrix, i, j: matrix[i, j]
    return lambda matrix, i, j: _load(matrix, i, j)


@overload(fill, strict=False)
def _fill_overload(number: Any) -> Any:
    return lambda number: _fill(number)


# --- arithmetic ---------------------------------------------------------------------------------


def _binary(instruction: str, function: Any) -> None:
    """Make `function` work on lanes, and on a lane value and a number in either order."""

    @intrinsic
    def compute(typingctx: Any, left: Any, right: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            lanes = [
                value if kind == _LANES_TYPE else _splat(builder, value)
                for value, kind in zip(args, signature.args, strict=True)
            ]
            return getattr(builder, instruction)(*lanes)

        kinds = [t if t == _LANES_TYPE else types.float64 for t in (left, right)]
        return _LANES_TYPE(*kinds), codegen

    @overload(function, strict=False)
    def _on_lanes(left: Any, right: Any) -> Any:
        if _LANES_TYPE in (left, right) and all(
            t == _LANES_TYPE or isinstance(t, types.Float) for t in (left, right)
        ):
            return lambda left, right: compute(left, right)
        return None


_binary("fadd", operator.add)
_binary("fsub", operator.sub)
_binary("fmul", operator.mul)
_binary("fdiv", operator.truediv)


def multiply_add(
    left: FloatArray, right: FloatArray | float, addend: FloatArray | float
) -> FloatArray:
    """left * right + addend, any of them a number; rounded once where the processor can."""
    return left * right + addend


def larger(left: FloatArray, right: FloatArray) -> FloatArray:
    """The larger of two numbers in each lane."""
    return np.where(left > right, left, right)


def where_larger(
    left: FloatArray, right: FloatArray, value: FloatArray, other: FloatArray
) -> FloatArray:
    """`value` where left > right, `other` elsewhere."""
    return np.where(left > right, value, other)


def keep_above(value: FloatArray, test: FloatArray, limit: float) -> FloatArray:
    """`value` where `test` is not below `limit` (NaN included), otherwise zero."""
    return np.where(test < limit, 0.0, value)


def where_number(test: FloatArray, value: FloatArray) -> FloatArray:
    """`value` where `test` is a number, zero where it is NaN."""
    return np.where(np.isnan(test), 0.0, value)


def square_root(value: FloatArray) -> FloatArray:
    """The square root of numbers that are not negative."""
    return np.sqrt(value)


@intrinsic
def _square_root(typingctx: Any, value: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_DOUBLES, [_DOUBLES])
        name = f"llvm.sqrt.v{LANES}f64"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)

    return _LANES_TYPE(_LANES_TYPE), codegen


@overload(square_root, strict=False)
def _square_root_overload(value: Any) -> Any:
    return lambda value: _square_root(value)


@intrinsic
def _multiply_add(typingctx: Any, left: Any, right: Any, addend: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes = [
            value if kind == _LANES_TYPE else _splat(builder, value)
            for value, kind in zip(args, signature.args, strict=True)
        ]
        kind = ir.FunctionType(_DOUBLES, [_DOUBLES] * 3)
        name = f"llvm.fmuladd.v{LANES}f64"
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(function, lanes)

    kinds = [t if t == _LANES_TYPE else types.float64 for t in (left, right, addend)]
    return _LANES_TYPE(*kinds), codegen


@overload(multiply_add, strict=False)
def _multiply_add_overload(left: Any, right: Any, addend: Any) -> Any:
    return lambda left, right, addend: _multiply_add(left, right, addend)


@intrinsic
def _larger(typingctx: Any, left: Any, right: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *args), *args)

    return _LANES_TYPE(_LANES_TYPE, _LANES_TYPE), codegen


@intrinsic
def _where_larger(typingctx: Any, left: Any, right: Any, value: Any, other: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *args[:2]), *args[2:])

    return _LANES_TYPE(_LANES_TYPE, _LANES_TYPE, _LANES_TYPE, _LANES_TYPE), codegen


@overload(where_larger, strict=False)
def _where_larger_overload(left: Any, right: Any, value: Any, other: Any) -> Any:
    return lambda left, right, value, other: _where_larger(left, right, value, other)


@intrinsic
def _keep_above(typingctx: Any, value: Any, test: Any, limit: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value, test, limit = args
        below = builder.fcmp_ordered("<", test, _splat(builder, limit))
        return builder.select(below, _constant(_DOUBLES, 0.0), value)

    return _LANES_TYPE(_LANES_TYPE, _LANES_TYPE, types.float64), codegen


@intrinsic
def _where_number(typingctx: Any, test: Any, value: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        test, value = args
        is_number = builder.fcmp_ordered("ord", test, test)
        return builder.select(is_number, value, _constant(_DOUBLES, 0.0))

    return _LANES_TYPE(_LANES_TYPE, _LANES_TYPE), codegen


@overload(larger, strict=False)
def _larger_overload(left: Any, right: Any) -> Any:
    return lambda left, right: _larger(left, right)


@overload(keep_above, strict=False)
def _keep_above_overload(value: Any, test: Any, limit: Any) -> Any:
    return lambda value, test, limit: _keep_above(value, test, limit)


@overload(where_number, strict=False)
def _where_number_overload(test: Any, value: Any) -> Any:
    return lambda test, value: _where_number(test, value)


# --- powers of two ------------------------------------------------------------------------------


def exponent(value: FloatArray) -> FloatArray:
    """The e of 2^e <= value < 2^(e+1), for positive normal numbers."""
    return np.asarray(np.frexp(value)[1] - 1.0)


def inverse_power(value: FloatArray) -> FloatArray:
    """2^-exponent(value): multiplying by it brings `value` into [1, 2) without rounding."""
    return np.asarray(np.ldexp(1.0, 1 - np.frexp(value)[1]))


def power_of_two(shifted: FloatArray) -> FloatArray:
    """2^n from n + MAGIC, for whole n from -1022 to 1023."""
    return np.asarray(np.ldexp(1.0, (shifted - MAGIC).astype(np.int64)))


@intrinsic
def _exponent(typingctx: Any, value: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bits = builder.lshr(builder.bitcast(args[0], _BITS), _constant(_BITS, 52))
        # The small integer becomes the last digits of 2^52.
        number = builder.bitcast(builder.or_(bits, _constant(_BITS, 0x433 << 52)), _DOUBLES)
        return builder.fsub(number, _constant(_DOUBLES, float(2**52 + 1023)))

    return _LANES_TYPE(_LANES_TYPE), codegen


@intrinsic
def _inverse_power(typingctx: Any, value: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bits = builder.and_(builder.bitcast(args[0], _BITS), _constant(_BITS, 0x7FF << 52))
        return builder.bitcast(builder.sub(_constant(_BITS, 2046 << 52), bits), _DOUBLES)

    return _LANES_TYPE(_LANES_TYPE), codegen


@intrinsic
def _power_of_two(typingctx: Any, shifted: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bits = builder.shl(builder.bitcast(args[0], _BITS), _constant(_BITS, 52))
        return builder.bitcast(builder.add(bits, _constant(_BITS, 1023 << 52)), _DOUBLES)

    return _LANES_TYPE(_LANES_TYPE), codegen


@overload(exponent, strict=False)
def _exponent_overload(value: Any) -> Any:
    return lambda value: _exponent(value)


@overload(inverse_power, strict=False)
def _inverse_power_overload(value: Any) -> Any:
    return lambda value: _inverse_power(value)


@overload(power_of_two, strict=False)
def _power_of_two_overload(shifted: Any) -> Any:
    return lambda shifted: _power_of_two(shifted)


# --- exponential and logarithm ------------------------------------------------------------------

MAGIC = 1.5 * 2.0**52
"""Adding it rounds to a whole number, which then stands in the last bits."""
LOG2_E = 1.4426950408889634
# ln 2 in two parts: a multiple of the first by a whole number of 11 bits is exact.
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
SMALLEST_EXPONENT = -708.0  # e^-708 = 3e-308


@kernel(forceinline=True)
def exp_of_nonpositive(x: FloatArray, smallest: float = SMALLEST_EXPONENT) -> FloatArray:
    """e^x for x <= 0 to about one unit in the last place; zero below e^`smallest`.

    x = n ln 2 + r, e^r = 1 + r + r² q(r) with |r| <= ln(2) / 2, where q of degree 9 interpolates
    at the Chebyshev nodes (truncation error 2e-17), then times 2^n.
    """
    shifted = multiply_add(x, LOG2_E, MAGIC)
    n = shifted - MAGIC
    r = multiply_add(n, -LN2_LOW, multiply_add(n, -LN2_HIGH, x))
    q = multiply_add(r, 2.5100411082014903e-08, 2.7620121717381933e-07)
    q = multiply_add(q, r, 2.7557268406190795e-06)
    q = multiply_add(q, r, 2.4801521225986432e-05)
    q = multiply_add(q, r, 0.00019841269863088255)
    q = multiply_add(q, r, 0.0013888888917258759)
    q = multiply_add(q, r, 0.008333333333330055)
    q = multiply_add(q, r, 0.04166666666662404)
    q = multiply_add(q, r, 0.16666666666666669)
    q = multiply_add(q, r, 0.5)
    result = multiply_add(r * r, q, r) + 1.0
    return keep_above(result * power_of_two(shifted), x, smallest)


SQRT_2 = 1.4142135623730951
SMALLEST_NORMAL = 2.2250738585072014e-308


@kernel(forceinline=True)
def log_of_positive(x: FloatArray) -> FloatArray:
    """ln x for positive finite numbers, to about one unit in the last place.

    x = 2^n (1 + f) with |f| < 0.42, s = f / (2 + f), ln(1 + f) = f - f²/2 + s (f²/2 + r(s²)), where
    r is the polynomial of FreeBSD's e_log.c (truncation error 2^-58).
    """
    # Where x, or one over its power of two, is not a normal number.
    small, large = fill(SMALLEST_NORMAL), fill(1e300)
    n = where_larger(small, x, fill(-54.0), where_larger(x, large, fill(54.0), fill(0.0)))
    up, down = fill(2.0**54), fill(2.0**-54)
    x = x * where_larger(small, x, up, where_larger(x, large, down, fill(1.0)))
    n = n + exponent(x)
    m = x * inverse_power(x)
    n = where_larger(m, fill(SQRT_2), n + 1.0, n)
    f = where_larger(m, fill(SQRT_2), m * 0.5, m) - 1.0
    s = f / (f + 2.0)
    z = s * s
    r = multiply_add(z, 1.479819860511658591e-01, 1.531383769920937332e-01)
    r = multiply_add(r, z, 1.818357216161805012e-01)
    r = multiply_add(r, z, 2.222219843214978396e-01)
    r = multiply_add(r, z, 2.857142874366239149e-01)
    r = multiply_add(r, z, 3.999999999940941908e-01)
    r = multiply_add(r, z, 6.666666666666735130e-01) * z
    half = f * f * 0.5
    correction = multiply_add(n, LN2_LOW, s * (half + r))
    return n * LN2_HIGH - ((half - correction) - f)
