"""The account of a run: requests, tokens and money, by model, over all runs in the directory."""

from __future__ import annotations

from typing import Any

from ittools.generate.ask import Asker
from ittools.generate.ledger import Ledger
from ittools.store.manifest import Manifest


def account_of(ledger: Ledger, asker: Asker, *, price_known: bool) -> dict[str, Any]:
    """As the manifest keeps it; costs are null where a price is not known."""
    lost, worth = ledger.possibly_billed()
    own = asker.teacher.model
    models = [
        {
            **row,
            "model": row["model"] or own,
            "cost_usd": round(row["cost_usd"], 6) if price_known else None,
        }
        for row in ledger.by_model()
    ]
    return {
        "model": own,
        **ledger.totals(),
        "cost_usd": round(ledger.spent(), 6) if price_known else None,
        "models": models,
        "stages": ledger.by_stage(),
        "possibly_billed": {"requests": lost, "at_most_usd": round(worth, 6)},
        "this_run": {name: asker.asked[name] for name in ("bought", "reused", "failed", "retried")},
    }


def account_facts(manifest: Manifest) -> dict[str, str]:
    """Lines for a person."""
    account = manifest["teacher"]
    run = account["this_run"]
    facts = {
        "tasks": f"{manifest['tasks']:,}",
        "requests": f"{run['bought']:,} bought, {run['reused']:,} from the ledger, {run['failed']:,} failed",
        "tokens": f"{account['prompt_tokens']:,} in, {account['completion_tokens']:,} out",
        "cost": dollars(account["cost_usd"]),
    }
    if len(account["models"]) > 1:
        for one in account["models"]:
            name = f"  {one['model']}" + (f" at {one['endpoint']}" if one["endpoint"] else "")
            facts[name] = (
                f"{one['responses']:,} answers, {one['prompt_tokens']:,} in, {one['completion_tokens']:,} out"
                + (f", {dollars(one['cost_usd'])}" if one["cost_usd"] is not None else "")
            )
    if account["possibly_billed"]["requests"]:
        lost = account["possibly_billed"]
        facts["possibly billed"] = f"{lost['requests']} requests, at most ${lost['at_most_usd']:.4f}"
    return facts


def dollars(cost: float | None) -> str:
    return "unknown: no price for this model, give --price IN,OUT" if cost is None else f"${cost:.4f}"
