"""Numbers side by side in the processor's vector registers: rows of LANES, and octets for loops over short runs.

Why the compiler's own vectorisation does not do: numba hands LLVM plain loops, and LLVM does vectorise the loop over
lanes of ``row[k] += weight * a[k] * b[k]``. But it cannot know that the result does not overlap what it reads, so it
asks at run time, once for every state summed, which costs as much as some ten entries; and it writes the sums back to
memory and reads them again for each state, where a vector type keeps them in registers. ``simd_kernels.sum_lanes``
against the same loops over elements, one run on one core (AMD EPYC), same results to the bit, the time of loops over
that of vectors for results of 9, 81 and 729 entries with three states summed: 1.5, 3.2, 4.3 with one table that differs
between lanes, 1.9, 3.4, 3.3 with two. Summing into a local array of LANES numbers instead was no better (1.6 to 4.0).

The first half says what each means; inside compiled kernels each is an intrinsic of a line or two of LLVM's
intermediate representation (IR), given in the second half. A row is passed as one IR vector,
<32 x double>, which LLVM splits into as many registers as the processor has bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.inference.numba_door import COMPILED

LANES = 32
"""Cases worked on side by side: four registers of 512 bits, eight of 256."""

OCTET = 8
"""Neighbouring numbers taken at once: one register of 512 bits, two of 256."""

Row = NDArray[np.float64]


class OnlyCompiled(NotImplementedError):
    """What is defined for compiled kernels alone was called from Python."""


def load(memory: NDArray[np.float64], at: int) -> Row:
    """The LANES numbers from ``at`` on."""
    raise OnlyCompiled


def store(memory: NDArray[np.float64], at: int, row: Row) -> None:
    """Write a row, or an octet, from ``at`` on."""
    raise OnlyCompiled


def zeros() -> Row:
    """A row of zeros."""
    raise OnlyCompiled


def octet(memory: NDArray[np.float64], at: int) -> Row:
    """The OCTET numbers from ``at`` on."""
    raise OnlyCompiled


def load_masked(memory: NDArray[np.float64], at: int, count: int) -> Row:
    """The ``count`` numbers from ``at`` on, fewer than OCTET, and zeros; nothing beyond them is touched."""
    raise OnlyCompiled


def store_few(memory: NDArray[np.float64], at: int, row: Row, count: int) -> None:
    """Write the first ``count`` numbers of an octet from ``at`` on."""
    raise OnlyCompiled


def nothing() -> Row:
    """An octet of zeros."""
    raise OnlyCompiled


def total(row: Row) -> float:
    """The sum of an octet: of its halves added up, and theirs."""
    raise OnlyCompiled


def plus(one: Row, other: Row) -> Row:
    """Sum, lane by lane."""
    raise OnlyCompiled


def times(one: Row, other: Row) -> Row:
    """Product, lane by lane."""
    raise OnlyCompiled


def scaled(row: Row, by: float) -> Row:
    """Each lane times one number."""
    raise OnlyCompiled


def peek(address: int, index: int) -> float:
    """The number at a place in an array that is known by its address: tables of many shapes in one kernel."""
    raise OnlyCompiled


def peek_row(address: int, index: int) -> Row:
    """The LANES numbers from a place on in an array that is known by its address."""
    raise OnlyCompiled


if COMPILED:
    # An intrinsic is a function of types: it returns the signature and a function that writes the IR of one call.
    # ``builder`` appends instructions, ``args`` are the values passed, ``signature.args`` their types.
    from llvmlite import ir  # type: ignore[import-untyped]
    from numba import extending, types

    intrinsic: Any = extending.intrinsic

    I32 = ir.IntType(32)

    class RowType(types.Type):
        """The compiled type of numbers side by side: one LLVM vector."""

        def __init__(self, length: int) -> None:
            super().__init__(name=f"Row{length}")
            self.wide = ir.VectorType(ir.DoubleType(), length)

    ROW: Any = RowType(LANES)
    EIGHT: Any = RowType(OCTET)
    BITS = ir.VectorType(ir.IntType(1), OCTET)
    """A mask: one bit for each number of an octet."""

    @extending.register_model(RowType)
    class RowModel(extending.models.PrimitiveModel):
        """A row lives in registers."""

        def __init__(self, dmm: Any, fe_type: Any) -> None:
            super().__init__(dmm, fe_type, fe_type.wide)  # type: ignore[no-untyped-call]

    def _address(context: Any, builder: Any, array_type: Any, array: Any, at: Any, row: Any) -> Any:
        """A pointer to a row at a place in an array: double* data + at, taken as a pointer to a vector."""
        data = context.make_array(array_type)(context, builder, array).data
        return builder.bitcast(builder.gep(data, [at]), row.wide.as_pointer())

    def _everywhere(builder: Any, number: Any, wide: Any) -> Any:
        """A vector with one number in every lane: put in lane 0, then lane 0 chosen for all (a broadcast)."""
        empty = ir.Constant(wide, ir.Undefined)
        first = builder.insert_element(empty, number, ir.Constant(I32, 0))
        return builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(I32, wide.count), [0] * wide.count))

    def _first(builder: Any, count: Any) -> Any:
        """The mask of an octet's first so many numbers: <0, 1, … 7> less than the count, lane by lane."""
        numbers = ir.VectorType(I32, OCTET)
        counts = _everywhere(builder, builder.trunc(count, I32), numbers)
        return builder.icmp_signed("<", ir.Constant(numbers, list(range(OCTET))), counts)

    def _loading(row: Any) -> Any:
        """The intrinsic that loads a row; aligned as a double is (8 bytes), since it may begin at any entry."""

        @intrinsic  # type: ignore[untyped-decorator]
        def loading(typing: Any, memory: Any, at: Any) -> Any:
            def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
                found = builder.load(_address(context, builder, signature.args[0], args[0], args[1], row))
                found.align = 8
                return found

            return row(memory, types.intp), code

        return loading

    _load, _octet = _loading(ROW), _loading(EIGHT)

    @intrinsic  # type: ignore[untyped-decorator]
    def _few(typing: Any, memory: Any, at: Any, count: Any) -> Any:
        """A masked load: lanes beyond the count are 0, and the processor does not touch their addresses."""

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pointer = _address(context, builder, signature.args[0], args[0], args[1], EIGHT)
            kind = ir.FunctionType(EIGHT.wide, [pointer.type, I32, BITS, EIGHT.wide])
            masked = builder.module.declare_intrinsic("llvm.masked.load.v8f64.p0", (), kind)
            zero = ir.Constant(EIGHT.wide, [0.0] * OCTET)
            return builder.call(masked, [pointer, ir.Constant(I32, 8), _first(builder, args[2]), zero])

        return EIGHT(memory, types.intp, types.intp), code

    @intrinsic  # type: ignore[untyped-decorator]
    def _store(typing: Any, memory: Any, at: Any, row: Any) -> Any:
        """A store of a row or an octet, aligned as a double is."""

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = signature.args[2]
            done = builder.store(args[2], _address(context, builder, signature.args[0], args[0], args[1], kind))
            done.align = 8
            return context.get_dummy_value()

        return types.void(memory, types.intp, row), code

    @intrinsic  # type: ignore[untyped-decorator]
    def _store_few(typing: Any, memory: Any, at: Any, row: Any, count: Any) -> Any:
        """A masked store: what lies beyond the count stays as it is."""

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pointer = _address(context, builder, signature.args[0], args[0], args[1], EIGHT)
            kind = ir.FunctionType(ir.VoidType(), [EIGHT.wide, pointer.type, I32, BITS])
            masked = builder.module.declare_intrinsic("llvm.masked.store.v8f64.p0", (), kind)
            builder.call(masked, [args[2], pointer, ir.Constant(I32, 8), _first(builder, args[3])])
            return context.get_dummy_value()

        return types.void(memory, types.intp, EIGHT, types.intp), code

    @intrinsic  # type: ignore[untyped-decorator]
    def _zeros(typing: Any) -> Any:
        """A constant row."""
        return ROW(), lambda context, builder, signature, args: ir.Constant(ROW.wide, [0.0] * LANES)

    @intrinsic  # type: ignore[untyped-decorator]
    def _nothing(typing: Any) -> Any:
        """A constant octet."""
        return EIGHT(), lambda context, builder, signature, args: ir.Constant(EIGHT.wide, [0.0] * OCTET)

    @intrinsic  # type: ignore[untyped-decorator]
    def _total(typing: Any, row: Any) -> Any:
        """The upper half added to the lower one until one number is left: a fixed order, so the same bits anywhere."""

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            left, half = args[0], OCTET // 2
            while half:
                low, high = (ir.Constant(ir.VectorType(I32, half), list(range(k, k + half))) for k in (0, half))
                left = builder.fadd(builder.shuffle_vector(left, left, low), builder.shuffle_vector(left, left, high))
                half //= 2
            return builder.extract_element(left, ir.Constant(I32, 0))

        return types.float64(EIGHT), code

    @intrinsic  # type: ignore[untyped-decorator]
    def _plus(typing: Any, one: Any, other: Any) -> Any:
        """One vector addition; no fast-math flags, so that nothing is reordered or fused."""
        return one(one, one), lambda context, builder, signature, args: builder.fadd(*args)

    @intrinsic  # type: ignore[untyped-decorator]
    def _times(typing: Any, one: Any, other: Any) -> Any:
        """One vector multiplication."""
        return one(one, one), lambda context, builder, signature, args: builder.fmul(*args)

    @intrinsic  # type: ignore[untyped-decorator]
    def _scaled(typing: Any, row: Any, by: Any) -> Any:
        """A multiplication by the same number in every lane."""

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.fmul(args[0], _everywhere(builder, args[1], signature.args[0].wide))

        return row(row, types.float64), code

    @intrinsic  # type: ignore[untyped-decorator]
    def _peek(typing: Any, address: Any, index: Any) -> Any:
        """The address as a double*, moved by the index, read."""

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            numbers = builder.inttoptr(args[0], ir.DoubleType().as_pointer())
            return builder.load(builder.gep(numbers, [args[1]]))

        return types.float64(types.int64, types.int64), code

    @intrinsic  # type: ignore[untyped-decorator]
    def _peek_row(typing: Any, address: Any, index: Any) -> Any:
        """The same, read as a row."""

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            numbers = builder.inttoptr(args[0], ir.DoubleType().as_pointer())
            found = builder.load(builder.bitcast(builder.gep(numbers, [args[1]]), ROW.wide.as_pointer()))
            found.align = 8
            return found

        return ROW(types.int64, types.int64), code

    # what the functions above mean inside a compiled kernel
    extending.overload(load)(lambda memory, at: lambda memory, at: _load(memory, at))
    extending.overload(octet)(lambda memory, at: lambda memory, at: _octet(memory, at))
    extending.overload(load_masked)(lambda memory, at, count: lambda memory, at, count: _few(memory, at, count))
    extending.overload(store)(lambda memory, at, row: lambda memory, at, row: _store(memory, at, row))
    extending.overload(store_few)(
        lambda memory, at, row, count: lambda memory, at, row, count: _store_few(memory, at, row, count)
    )
    extending.overload(zeros)(lambda: lambda: _zeros())
    extending.overload(nothing)(lambda: lambda: _nothing())
    extending.overload(total)(lambda row: lambda row: _total(row))
    extending.overload(plus)(lambda one, other: lambda one, other: _plus(one, other))
    extending.overload(times)(lambda one, other: lambda one, other: _times(one, other))
    extending.overload(peek)(lambda address, index: lambda address, index: _peek(address, index))
    extending.overload(peek_row)(lambda address, index: lambda address, index: _peek_row(address, index))
    extending.overload(scaled)(lambda row, by: lambda row, by: _scaled(row, by))
