"""Reads pickles without running them: an interpreter of the opcodes that arrange values, which has no way to call anything.

A pickle is a small program, and Python's own reader looks up and calls whatever it names. This one knows a table of names;
what is called through it is ours and only arranges arrays. Any other name becomes an `Unknown`, which does nothing and is
told about, so that a file can be refused by what it asks for, and still be recognised by what it holds.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np

_PUSHED: Final = frozenset((
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "UNICODE", "SHORT_BINUNICODE",
    "BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
    "BYTEARRAY8",
))  # fmt: skip
_CONSTANTS: Final = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_SKIPPED: Final = frozenset(("PROTO", "FRAME"))
_PLAIN_KEYS: Final = (str, bytes, int, float, bool, type(None), np.generic)
# A person's motion of an hour as lists of plain numbers; as arrays, as everybody writes it, it takes hundreds.
_MOST_STEPS: Final = 2_000_000
# Numbers can be chosen so that each takes longer to look up than the one before.
MOST_NUMBERS_AS_KEYS: Final = 10_000
# Bytes of arrays that may be made of the same bytes again and again.
_MOST_REPEATED_BYTES: Final = 1 << 26
# Of what is handed to calls and comes back; a list's item is a pointer and often an object of its own.
_BYTES_OF_AN_ITEM: Final = 256
# A call is handed the bytes of an array, or a text of them, and gives back the bytes and then the array.
_HANDED_ON: Final = 4
_MOST_IN_KEY: Final = 8
_MOST_AXES, _LONGEST_AXIS = 32, 1 << 48
# What a memo's place may be called: the longest that an opcode has in four bytes.
_LAST_PLACE: Final = 1 << 32
_LONGEST_NAME: Final = 1_000
_IN_TUPLES: Final = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@dataclass(frozen=True)
class Unknown:
    """A name that the file asks for and that is not in the table, or what calling it would have made."""

    name: str


@dataclass(frozen=True)
class Rebuilder:
    """A function of ours that stands for a name and may be called."""

    function: Callable[..., Any]


@dataclass
class Pending:
    """What is made in two steps: `finish` turns the state that follows into the value."""

    finish: Callable[[Any], Any]
    value: Any = None
    is_built: bool = False

    def built(self) -> Any:
        """The value, which must be there by now."""
        if not self.is_built:
            raise ValueError("a value is used before it is made")
        return self.value


class PickleStream(Protocol):
    """A pickle that is not in memory as a whole; whoever makes it bounds what one call gives."""

    def read(self, count: int, /) -> bytes: ...
    def readline(self) -> bytes: ...
    def tell(self) -> int: ...


@dataclass(frozen=True)
class InertContent:
    """What a pickle arranges, the names that were not known, in their order, and where the next one begins."""

    value: Any
    unknown: tuple[str, ...]
    end: int


def read_inert(
    data: bytes | PickleStream,
    names: Mapping[tuple[str, str], Any],
    persistent: Callable[[Any], Any] | None = None,
    most_bytes: int | None = None,
) -> InertContent:
    """Read one pickle.

    Args:
        data: begins with the pickle. What is called through `names` may take bytes of a stream that follow an opcode.
        names: by module and name, a `Rebuilder` or a value that stands for it.
        persistent: what an id of the file stands for.
        most_bytes: of all arrays together; without it as many as there are in memory, and some more.

    Raises:
        Exception: it is damaged, in any way that its bytes happen to spell; nothing of its has been run.
    """
    if most_bytes is None:
        most_bytes = len(data) if isinstance(data, bytes) else 0
    most = most_bytes + _MOST_REPEATED_BYTES
    machine = _Machine(names, persistent, most, _HANDED_ON * most)
    end = 0
    try:
        # It takes any stream that can do these three.
        for number, (opcode, argument, position) in enumerate(pickletools.genops(data)):  # type: ignore[arg-type]
            end = position or 0
            if number > _MOST_STEPS:
                raise ValueError("more values than a motion has")
            if opcode.name == "STOP":
                return InertContent(machine.pop(), tuple(machine.unknown), end + 1)
            machine.step(opcode.name, argument)
    except Exception as error:
        if machine.unknown:
            # What came of a name that is not known fits nowhere; the name is the reason.
            return InertContent(Unknown(machine.unknown[0]), tuple(machine.unknown), end)
        raise ValueError(f"its contents do not fit together: {error}") from error
    raise ValueError("it has no end")


@dataclass
class _Machine:
    names: Mapping[tuple[str, str], Any]
    persistent: Callable[[Any], Any] | None
    bytes_left: int  # of what calls may make
    handed_left: int  # bytes of what may be handed to them
    numbers_as_keys: int = 0
    stack: list[Any] = field(default_factory=list)
    below: list[list[Any]] = field(default_factory=list)  # the stacks under each mark
    memo: dict[int, Any] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def step(self, code: str, argument: Any) -> None:
        if code in _PUSHED:
            self.stack.append(argument)
        elif code in _CONSTANTS:
            self.stack.append(_CONSTANTS[code])
        elif code in _SKIPPED:
            pass
        elif code in _IN_TUPLES:
            count = _IN_TUPLES[code]
            items = tuple(self.pop() for _ in range(count))[::-1]
            self.stack.append(items)
        else:
            step = _STEPS.get(code)
            if step is None:
                raise ValueError(f"opcode {code}")
            step(self, argument)

    def pop(self) -> Any:
        value = self.stack.pop()
        return value.built() if isinstance(value, Pending) else value

    def mark(self, _argument: Any) -> None:
        self.below.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        items = [value.built() if isinstance(value, Pending) else value for value in self.stack]
        self.stack = self.below.pop()
        return items

    def duplicate(self, _argument: Any) -> None:
        self.stack.append(self.stack[-1])

    def drop(self, _argument: Any) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.since_mark()

    def drop_to_mark(self, _argument: Any) -> None:
        self.since_mark()

    def put(self, argument: Any) -> None:
        if argument is not None and not 0 <= argument < _LAST_PLACE:
            raise ValueError("a place that there is not")
        self.memo[len(self.memo) if argument is None else argument] = self.stack[-1]

    def get(self, argument: Any) -> None:
        value = self.memo[argument]
        self.stack.append(value.value if isinstance(value, Pending) and value.is_built else value)

    def make_tuple(self, _argument: Any) -> None:
        items = tuple(self.since_mark())
        self.stack.append(items)

    def make_list(self, _argument: Any) -> None:
        items = self.since_mark()
        self.stack.append(items)

    def empty_list(self, _argument: Any) -> None:
        self.stack.append([])

    def append(self, _argument: Any) -> None:
        value = self.pop()
        self._list().append(value)

    def extend(self, _argument: Any) -> None:
        items = self.since_mark()
        self._list().extend(items)

    def empty_dict(self, _argument: Any) -> None:
        self.stack.append({})

    def make_dict(self, _argument: Any) -> None:
        items = self.since_mark()
        self.stack.append({})
        self._fill(items)

    def set_item(self, _argument: Any) -> None:
        value, key = self.pop(), self.pop()
        self._fill([key, value])

    def set_items(self, _argument: Any) -> None:
        self._fill(self.since_mark())

    def empty_set(self, _argument: Any) -> None:
        self.stack.append(set())

    def add_items(self, _argument: Any) -> None:
        items = [self._key(item) for item in self.since_mark()]
        target = self.stack[-1]
        if not isinstance(target, set):
            raise TypeError("items for no set")
        target.update(items)

    def frozen_set(self, _argument: Any) -> None:
        items = frozenset(self._key(item) for item in self.since_mark())
        self.stack.append(items)

    def named(self, argument: Any) -> None:
        module, _, name = str(argument).partition(" ")
        self._look_up(module, name)

    def named_on_stack(self, _argument: Any) -> None:
        name, module = self.pop(), self.pop()
        self._look_up(plain(module), plain(name))

    def call(self, _argument: Any) -> None:
        arguments = self.pop()
        self._call(self.stack.pop(), arguments)

    def call_with_names(self, _argument: Any) -> None:
        self.pop()
        self.call(None)

    def call_named(self, argument: Any) -> None:
        arguments = self.since_mark()
        self.named(argument)
        self._call(self.stack.pop(), arguments)

    def call_object(self, _argument: Any) -> None:
        called, *arguments = self.since_mark()
        self._call(called, arguments)

    def build(self, _argument: Any) -> None:
        state = self.pop()
        target = self.stack[-1]
        if isinstance(target, Pending):
            target.value, target.is_built = self._counted(target.finish(state)), True
            self.stack[-1] = target.value
        elif not isinstance(target, dict | Unknown):
            # A dictionary's own state, torch's `_metadata`, is nothing that anybody asks for.
            raise TypeError("a state for something that has none")

    def persistent_id(self, argument: Any) -> None:
        if self.persistent is None:
            raise ValueError("an id of something that is not there")
        self.stack.append(self.persistent(self.pop() if argument is None else argument))

    def _list(self) -> list[Any]:
        target = self.stack[-1]
        if isinstance(target, Unknown):
            return []
        if not isinstance(target, list):
            raise TypeError("items for no list")
        return target

    def _fill(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, Unknown):
            return
        if not isinstance(target, dict) or len(items) % 2:
            raise ValueError("items for no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[self._key(key)] = value

    def _counted(self, value: Any) -> Any:
        self.bytes_left -= _size(value)
        if isinstance(value, dict | frozenset):
            self._count_keys(value)
        if self.bytes_left < 0:
            raise ValueError("the same numbers again and again")
        return value

    def _key(self, key: Any) -> Any:
        self._count_keys((key,))
        return checked_key(key)

    def _count_keys(self, keys: Iterable[Any]) -> None:
        self.numbers_as_keys += sum(not isinstance(key, str | bytes) for key in keys)
        if self.numbers_as_keys > MOST_NUMBERS_AS_KEYS:
            raise ValueError("more numbers as keys than a motion has")

    def _look_up(self, module: str, name: str) -> None:
        if len(module) + len(name) > _LONGEST_NAME:
            raise ValueError("a name longer than any")
        if (module, name) in self.names:
            self.stack.append(self.names[module, name])
        else:
            self.unknown.append(f"{module}.{name}")
            self.stack.append(Unknown(f"{module}.{name}"))

    def _call(self, called: Any, arguments: Any) -> None:
        if isinstance(called, Unknown):
            self.stack.append(called)
        elif isinstance(called, Rebuilder):
            self.handed_left -= sum(_size(argument) for argument in arguments if not isinstance(argument, np.ndarray))
            if self.handed_left < 0:
                raise ValueError("the same values again and again")
            self.stack.append(self._counted(called.function(*arguments)))
        else:
            raise TypeError("a call of something that cannot be called")


_STEPS: Final[dict[str, Callable[[_Machine, Any], None]]] = {
    "MARK": _Machine.mark,
    "DUP": _Machine.duplicate,
    "POP": _Machine.drop,
    "POP_MARK": _Machine.drop_to_mark,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.get),
    "TUPLE": _Machine.make_tuple,
    "LIST": _Machine.make_list,
    "EMPTY_LIST": _Machine.empty_list,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.extend,
    "DICT": _Machine.make_dict,
    "EMPTY_DICT": _Machine.empty_dict,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "EMPTY_SET": _Machine.empty_set,
    "ADDITEMS": _Machine.add_items,
    "FROZENSET": _Machine.frozen_set,
    "GLOBAL": _Machine.named,
    "STACK_GLOBAL": _Machine.named_on_stack,
    "REDUCE": _Machine.call,
    "NEWOBJ": _Machine.call,
    "NEWOBJ_EX": _Machine.call_with_names,
    "INST": _Machine.call_named,
    "OBJ": _Machine.call_object,
    "BUILD": _Machine.build,
    **dict.fromkeys(("PERSID", "BINPERSID"), _Machine.persistent_id),
}


def _size(value: Any) -> int:
    """About how many bytes a value takes, without what it holds."""
    if isinstance(value, np.ndarray | np.generic):
        return int(value.nbytes)
    if isinstance(value, str | bytes):
        return len(value)
    return _BYTES_OF_AN_ITEM * len(value) if isinstance(value, list | tuple | dict | set | frozenset) else 0


def plain(part: Any) -> str:
    """A text or a number as text; lists that hold each other twice would be a text without end."""
    if not isinstance(part, str | int) or (isinstance(part, int) and abs(part) >= _LAST_PLACE):
        raise ValueError("a name that is neither text nor number")
    return str(part)


def checked_key(key: Any) -> Any:
    """A key whose hash takes no time: tuples within tuples within tuples can be made to take for ever."""
    parts = key if isinstance(key, tuple) else (key,)
    if len(parts) > _MOST_IN_KEY or not all(isinstance(part, (*_PLAIN_KEYS, Unknown)) for part in parts):
        raise ValueError("a key that is neither text nor number")
    return key


def extents(values: Any) -> tuple[int, ...]:
    """The shape of an array: numbers for which there can be one."""
    if not isinstance(values, list | tuple) or len(values) > _MOST_AXES:
        raise ValueError("an array of an unknown shape")
    if not all(isinstance(extent, int) and 0 <= extent <= _LONGEST_AXIS for extent in values):
        raise ValueError("an axis of a length that there is not")
    return tuple(values)
