"""Options to a teacher, its price and its licence."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from ittools.errors import UsageError
from ittools.generate.endpoints import Endpoint, Endpoints, keys_of, read_endpoints
from ittools.generate.ledger import Ledger
from ittools.generate.options import TeacherOptions
from ittools.generate.prices import BATCH_DISCOUNT, Price, price_of, read_prices
from ittools.generate.teacher import Teacher
from ittools.records.schema import UNSPECIFIED_LICENSE

OPENAI_HOST = "api.openai.com"


def model_of(options: TeacherOptions) -> str:
    """The name that requests and records carry."""
    if options.teacher == "offline":
        from ittools.generate.offline.teacher import MODEL

        return MODEL
    return options.model


def endpoints_of(options: TeacherOptions) -> list[Endpoint]:
    """The servers of the run; one of them where --endpoint is not used."""
    given = read_endpoints(options.endpoint, options.model)
    return given or [Endpoint(options.base_url or "", options.model)]


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def is_openai(endpoint: Endpoint) -> bool:
    return not endpoint.url or host_of(endpoint.url) == OPENAI_HOST


def _is_own(host: str) -> bool:
    """A machine of the user's: its answers cost nothing. A name without a point is of a local network."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal"))


def price_for(options: TeacherOptions) -> Price | None:
    """Of all endpoints; null where one is not known: published prices hold for OpenAI's address only."""
    if options.teacher != "openai":
        return price_of(options.model, options.price, free=True)
    table = read_prices(options.prices) if options.prices else {}
    prices: dict[str, Price] = {}
    for endpoint in endpoints_of(options):
        own = _price_at(endpoint, options, table)
        if own is None:
            return None
        prices[endpoint.model] = own
    first = prices[endpoints_of(options)[0].model]
    others = prices if options.endpoint else {}
    return replace(first, by_model=others, discount=BATCH_DISCOUNT if options.batch else 1.0)


def _price_at(endpoint: Endpoint, options: TeacherOptions, table: Mapping[str, Price]) -> Price | None:
    openai = is_openai(endpoint)
    free = not openai and _is_own(host_of(endpoint.url))
    return price_of(endpoint.model, options.price, free=free, published=openai, table=table)


def known_price(options: TeacherOptions) -> Price:
    """Nothing where it is not known. Raises UsageError when --max-cost needs it."""
    price = price_for(options)
    if price is None and options.max_cost is not None:
        table = read_prices(options.prices) if options.prices else {}
        ends = endpoints_of(options)
        models = dict.fromkeys(one.model for one in ends if _price_at(one, options, table) is None)
        raise UsageError(
            f"--max-cost needs the price of {', '.join(models)}: give --price IN,OUT or --prices FILE"
        )
    return price or Price()


def connect(options: TeacherOptions, ledger: Ledger, note: Callable[[str], None]) -> Teacher:
    """The teacher that the options name. Raises UsageError where a key is missing."""
    if options.teacher == "offline":
        from ittools.generate.offline.teacher import OfflineTeacher

        return OfflineTeacher(seed=options.seed, errors=options.offline_errors)
    if options.teacher == "replay":
        from ittools.generate.replay import ReplayTeacher, put_others_aside

        assert options.replay is not None
        teacher = ReplayTeacher(options.replay, model=options.model)
        put_others_aside(ledger, teacher, note)
        return teacher
    keys = check_keys(options)
    if options.batch:
        from ittools.generate.batch import BatchTeacher

        return BatchTeacher(
            model=options.model, base_url=options.base_url or None, key=keys[0] or "none",
            ledger=ledger, poll=options.poll, note=note,
        )  # fmt: skip
    from ittools.generate.client import OpenAITeacher

    lanes = [
        (one, OpenAITeacher(model=one.model, base_url=one.url or None, key=key or "none",
                            concurrency=options.concurrency, timeout=options.timeout))
        for one, key in zip(endpoints_of(options), keys, strict=True)
    ]  # fmt: skip
    return Endpoints(lanes, note) if options.endpoint else lanes[0][1]


def check_keys(options: TeacherOptions) -> list[str]:
    """The key of each endpoint. Raises UsageError where one is missing."""
    if options.teacher != "openai":
        return []
    endpoints = endpoints_of(options)
    keys = keys_of(endpoints, os.environ)
    if any(is_openai(one) and not key for one, key in zip(endpoints, keys, strict=True)):
        raise UsageError("no key: set OPENAI_API_KEY, or --base-url for a local server, or --teacher offline")
    return keys


def license_of(options: TeacherOptions) -> str:
    """Of the records: as the user says, or as far as the teacher's terms do."""
    return options.license if options.license is not None else teacher_license(options)


def teacher_license(options: TeacherOptions) -> str:
    """Of what the teacher writes; never more permissive than known."""
    if options.teacher == "offline":
        return "Apache-2.0"
    all_openai = options.teacher == "replay" or all(map(is_openai, endpoints_of(options)))
    return "LicenseRef-openai-terms" if all_openai and not options.base_url else UNSPECIFIED_LICENSE
