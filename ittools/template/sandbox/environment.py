"""Jinja for templates of strangers: an allowed language, checked operations, seeded draws.

compiled("{{ text }} ||| {{ ['no', 'yes'][label] }}").render({"text": "Good.", "label": 1}, ["0", "a", "0:1"])
    -> "Good. ||| yes"
compiled("{{ cycler.__init__.__globals__.os }}")
    -> RefusedError: line 1: the attribute '__init__' is not allowed

What it renders is, byte for byte, what promptsource's own environment renders, with its `zip`, `choice`,
`most_frequent` and `highlight`. Follows https://jinja.palletsprojects.com/en/stable/sandbox/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from types import BuiltinMethodType, MethodType
from typing import Any

from ittools.template.sandbox.allowed import (
    DATES,
    FILTERS,
    LOOP,
    METHODS,
    MUTATING,
    TESTS,
)
from ittools.template.sandbox.draws import Draws
from ittools.template.sandbox.filters import own_filters, shortened
from ittools.template.sandbox.limits import METER, RANGE, RefusedError, TooMuchError, metered, short_enough
from ittools.template.sandbox.operations import BINARY, CHECKED, joined
from ittools.template.sandbox.tree import checked_tree, with_counts

ATTRIBUTES = {kind: frozenset(dir(kind)) for kind in METHODS}


@dataclass(frozen=True)
class Compiled:
    """A template that is compiled once and rendered for many rows."""

    environment: Any
    root: Callable[[Any], Iterator[str]]

    def render(self, values: dict[str, Any], what: Sequence[str] = ("0",)) -> str:
        """`values` by name, not changed unless the template changes nested ones. `what` seeds the draws.

        Raises:
            SandboxError: it did too much, or what is not allowed.
            Exception: whatever else a template that does not fit the values brings about.
        """
        METER.refill()
        environment = self.environment
        environment.draws = Draws(what)
        context = environment.context_class(environment, environment.globals | values)
        pieces = list(self.root(context))
        text = pieces[0] if len(pieces) == 1 else environment.concat(pieces)
        short_enough(len(text))
        return text


@lru_cache(maxsize=4_096)
def compiled(source: str) -> Compiled:
    """Raises RefusedError for what is not allowed, and for what is no template at all."""
    environment = sandbox()
    tree = with_counts(checked_tree(source), environment)
    try:
        code = environment.compile(tree, None, "<template>")
        scope = {"environment": environment, "__file__": "<template>"}
        exec(code, scope)
    except MemoryError:
        raise RefusedError("too nested to compile") from None
    except (SyntaxError, RecursionError, ValueError, AssertionError, KeyError, TypeError) as error:
        raise RefusedError(f"it does not compile ({_short(error)})") from None
    return Compiled(environment, scope["root"])


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


@lru_cache(maxsize=1)
def sandbox() -> Any:
    """The environment of all templates of a process."""
    from jinja2 import filters, runtime
    from jinja2.nodes import EvalContext
    from jinja2.sandbox import SandboxedEnvironment
    from jinja2.utils import Namespace

    kind = type(
        "Sandbox",
        (SandboxedEnvironment,),
        {
            "getattr": _getattr,
            "getitem": _getitem,
            "call": _call,
            "call_binop": _call_binop,
            "intercepted_binops": frozenset({"+", "*", "**", "%"}),
            "concat": staticmethod(_concat),
            "joined": staticmethod(joined),
        },
    )
    environment: Any = kind()
    known = environment.filters | own_filters()
    environment.filters = {name: known[name] for name in FILTERS}
    environment.filters |= {"_metered": metered, "_shortened": shortened}
    environment.tests = {name: environment.tests[name] for name in TESTS}
    environment.context_class = type("Values", (runtime.Context,), {"__init__": _values})
    environment.eval_context = EvalContext(environment)
    environment.globals = {"range": _range, "zip": zip, "dict": dict, "namespace": Namespace}
    environment.draws = Draws(("0",))
    environment.undefined_kind = runtime.Undefined
    environment.loop_kind, environment.macro_kind = runtime.LoopContext, runtime.Macro
    environment.named_kinds = (Namespace, filters._GroupTuple)
    return environment


def _values(context: Any, environment: Any, values: dict[str, Any]) -> None:
    """Jinja's context without blocks; one made by Jinja takes a fifth of a rendering."""
    context.environment, context.parent, context.name = environment, values, None
    context.vars, context.exported_vars, context.blocks = {}, set(), {}
    context.eval_ctx, context.globals_keys = environment.eval_context, environment.globals.keys()


def _concat(pieces: Sequence[str]) -> str:
    short_enough(sum(map(len, pieces)))
    return "".join(pieces)


def _range(*bounds: Any) -> range:
    numbers = range(*bounds)
    if len(numbers) > RANGE:
        raise TooMuchError(f"a range of {len(numbers):,} numbers, more than {RANGE:,}")
    return numbers


def _call_binop(_: Any, __: Any, operator: str, left: Any, right: Any) -> Any:
    return BINARY[operator](left, right)


def _getattr(environment: Any, value: Any, name: str) -> Any:
    """`value.name`: a method that is allowed, else the element of that name, as Jinja has it."""
    kind = type(value)
    methods = METHODS.get(kind)
    if methods is None:
        return _other_attribute(environment, value, name)
    if name in methods:
        return getattr(value, name)
    if name in ATTRIBUTES[kind]:
        raise RefusedError(f"the method {kind.__name__}.{name} is not allowed")
    try:
        return value[name]
    except (TypeError, LookupError):
        return environment.undefined(obj=value, name=name)


def _other_attribute(environment: Any, value: Any, name: str) -> Any:
    if name.startswith("_"):
        raise RefusedError(f"the attribute {name!r} is not allowed")
    if isinstance(value, environment.undefined_kind):
        return getattr(value, name)  # says what is undefined
    allowed = isinstance(value, environment.named_kinds)
    allowed = allowed or (type(value) is environment.loop_kind and name in LOOP)
    allowed = allowed or (isinstance(value, (date, datetime, time)) and name in DATES)
    if allowed:
        try:
            return getattr(value, name)
        except AttributeError:
            return environment.undefined(obj=value, name=name)
    if hasattr(value, name):
        raise RefusedError(f"the attribute {type(value).__name__}.{name} is not allowed")
    return _element(environment, value, name)


def _element(environment: Any, value: Any, name: Any) -> Any:
    try:
        return value[name]
    except (AttributeError, TypeError, LookupError):
        return environment.undefined(obj=value, name=name)


def _getitem(environment: Any, value: Any, key: Any) -> Any:
    """`value[key]`, or the attribute of that name; what would change a value is not found this way."""
    try:
        return value[key]
    except (AttributeError, TypeError, LookupError):
        if not isinstance(key, str):
            return environment.undefined(obj=value, name=key)
    if key in MUTATING and hasattr(value, key):
        raise RefusedError(f"the method {key!r} is not allowed in brackets")
    return _getattr(environment, value, key)


def _call(environment: Any, context: Any, called: Any, *values: Any, **named: Any) -> Any:
    """Methods that are allowed, our own functions, macros and loops; nothing else can be called."""
    METER.charge(1)
    if named:  # what Jinja adds inside loops and blocks
        named.pop("_loop_vars", None)
        named.pop("_block_vars", None)
    kind = type(called)
    if kind is BuiltinMethodType:
        owner = called.__self__
        checked = CHECKED.get((type(owner), called.__name__))
        if checked is not None:
            return checked(owner, *values, **named)
        if called.__name__ in METHODS.get(type(owner), DATES if isinstance(owner, (date, time)) else ()):
            return called(*values, **named)
    elif isinstance(called, environment.undefined_kind):
        return called()  # says what is undefined
    elif _is_ours(environment, called) or kind is environment.macro_kind or _is_loops(environment, called):
        return called(*values, **named)
    raise RefusedError(f"a call of {kind.__name__} is not allowed")


def _is_ours(environment: Any, called: Any) -> bool:
    return called is joined or any(called is function for function in environment.globals.values())


def _is_loops(environment: Any, called: Any) -> bool:
    """`loop.cycle` and `loop.changed`."""
    return (
        type(called) is MethodType
        and type(called.__self__) is environment.loop_kind
        and called.__name__ in ("cycle", "changed")
    )
