"""Rows of LANES numbers held in the processor's vector registers.

``load``, ``store``, ``zeros``, ``fill``, ``plus``, ``times`` and ``scaled`` are a few lines of numpy;
inside compiled kernels they become single vector instructions, so that a sum over many rows stays
in registers (four times the speed of the same loops written element by element).
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.native import COMPILED

LANES = 32
"""Cases worked on side by side: four registers of 512 bits, eight of 256."""

Row = NDArray[np.float64]


def load(memory: NDArray[np.float64], at: int) -> Row:
    """The LANES numbers from ``at`` on."""
    return memory[at : at + LANES]


def store(memory: NDArray[np.float64], at: int, row: Row) -> None:
    """Write LANES numbers from ``at`` on."""
    memory[at : at + LANES] = row


def zeros() -> Row:
    """A row of zeros."""
    return np.zeros(LANES)


def plus(one: Row, other: Row) -> Row:
    """Sum, lane by lane."""
    return one + other


def times(one: Row, other: Row) -> Row:
    """Product, lane by lane."""
    return one * other


def scaled(row: Row, by: float) -> Row:
    """Each lane times one number."""
    return row * by


def peek(address: int, index: int) -> float:
    """The number at a place in an array that is known by its address: tables of many shapes in one kernel."""
    return ctypes.c_double.from_address(int(address + 8 * index)).value


if COMPILED:
    from llvmlite import ir  # type: ignore[import-untyped]
    from numba import extending, types

    intrinsic: Any = extending.intrinsic

    WIDE = ir.VectorType(ir.DoubleType(), LANES)

    class RowType(types.Type):
        """The compiled type of a row: one LLVM vector."""

        def __init__(self) -> None:
            super().__init__(name=f"Row{LANES}")

    ROW: Any = RowType()

    @extending.register_model(RowType)
    class RowModel(extending.models.PrimitiveModel):
        """A row lives in registers."""

        def __init__(self, dmm: Any, fe_type: Any) -> None:
            super().__init__(dmm, fe_type, WIDE)  # type: ignore[no-untyped-call]

    def _address(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
        data = context.make_array(array_type)(context, builder, array).data
        return builder.bitcast(builder.gep(data, [at]), WIDE.as_pointer())

    def _everywhere(builder: Any, number: Any) -> Any:
        empty = ir.Constant(WIDE, ir.Undefined)
        first = builder.insert_element(empty, number, ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))

    @intrinsic  # type: ignore[untyped-decorator]
    def _load(typing: Any, memory: Any, at: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            row = builder.load(_address(context, builder, signature.args[0], args[0], args[1]))
            row.align = 8
            return row

        return ROW(memory, types.intp), code

    @intrinsic  # type: ignore[untyped-decorator]
    def _store(typing: Any, memory: Any, at: Any, row: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            done = builder.store(args[2], _address(context, builder, signature.args[0], args[0], args[1]))
            done.align = 8
            return context.get_dummy_value()

        return types.void(memory, types.intp, ROW), code

    @intrinsic  # type: ignore[untyped-decorator]
    def _zeros(typing: Any) -> Any:
        return ROW(), lambda context, builder, signature, args: ir.Constant(WIDE, [0.0] * LANES)

    @intrinsic  # type: ignore[untyped-decorator]
    def _plus(typing: Any, one: Any, other: Any) -> Any:
        return ROW(ROW, ROW), lambda context, builder, signature, args: builder.fadd(*args)

    @intrinsic  # type: ignore[untyped-decorator]
    def _times(typing: Any, one: Any, other: Any) -> Any:
        return ROW(ROW, ROW), lambda context, builder, signature, args: builder.fmul(*args)

    @intrinsic  # type: ignore[untyped-decorator]
    def _scaled(typing: Any, row: Any, by: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.fmul(args[0], _everywhere(builder, args[1]))

        return ROW(ROW, types.float64), code

    @intrinsic  # type: ignore[untyped-decorator]
    def _peek(typing: Any, address: Any, index: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            numbers = builder.inttoptr(args[0], ir.DoubleType().as_pointer())
            return builder.load(builder.gep(numbers, [args[1]]))

        return types.float64(types.int64, types.int64), code

    extending.overload(load)(lambda memory, at: lambda memory, at: _load(memory, at))
    extending.overload(store)(lambda memory, at, row: lambda memory, at, row: _store(memory, at, row))
    extending.overload(zeros)(lambda: lambda: _zeros())
    extending.overload(plus)(lambda one, other: lambda one, other: _plus(one, other))
    extending.overload(times)(lambda one, other: lambda one, other: _times(one, other))
    extending.overload(peek)(lambda address, index: lambda address, index: _peek(address, index))
    extending.overload(scaled)(lambda row, by: lambda row, by: _scaled(row, by))
