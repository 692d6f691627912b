"""Medusa's promotion module on our cart and promotions, in one Node process: no HTTP."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from bench import carts
from couponry.domain.promotions import PromotionAttributes

PACKAGE = Path(__file__).with_name("medusa")
KEPT = Path(__file__).parents[1] / ".bench"
"""Where what npm fetches is kept from run to run; git ignores it."""
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "ENOTCACHED")
EVERY_UNIT = 1_000_000
"""How many units of a line a discount is for, where a promotion does not say; Medusa wants a number."""

Program = TypeVar("Program", bound="Found")


class Found(msgspec.Struct):
    """What a program in Node found."""

    evaluations_per_second: float
    promotions: int
    applied: list[str]
    actions: int


class WithDatabase(Found):
    """How the module does as a shop calls it."""

    statements: int
    """How many it makes for one evaluation."""


class InMemory(Found):
    """How its own code does where what the database selects is there at once."""

    unselected_per_second: float
    """Where Medusa looks at every promotion by itself, without a database."""
    listed: int
    """How many promotions Medusa's database would have left to judge."""


def with_database(url: str) -> WithDatabase | None:
    """Let Medusa judge carts by promotions in an empty database; None without Node, npm or what npm fetches."""
    return _measure("database.mjs", WithDatabase, database_url=url)


def in_memory() -> InMemory | None:
    """Let Medusa judge carts by promotions that cost it nothing to read; None without Node, npm or what npm fetches."""
    found = _measure("memory.mjs", InMemory)
    if found is not None:
        print(
            f"@medusajs/promotion in memory: {found.listed} promotions of {found.promotions} are listed;"
            f" {found.unselected_per_second:,.0f} evaluations/s with all listed",
            file=sys.stderr,
        )
    return found


def database_url(name: str, *, user: str, host: str, port: str, **_: str) -> str:
    """Return the URL of a database as Medusa reads them: a host in front even where it is a folder, and no TLS."""
    return f"postgresql://{user}@{quote(host, safe='')}:{port}/{name}?ssl_mode=disable"


def without_equal(promotions: Iterable[PromotionAttributes]) -> set[str]:
    """Return the codes of the automatic *promotions* for which Medusa may do something where ours does nothing."""
    actions = [msgspec.to_builtins(one.rule_set)["actions"] for one in promotions]
    return {f"P{n}" for n, [action] in enumerate(actions) if action["args"][0] == "fixed_price"}


def _measure(program: str, found: type[Program], seconds: float = 5, **more: str) -> Program | None:
    """Let a program judge a cart of 20 lines by 50 automatic promotions and two with codes."""
    node, folder = shutil.which("node"), _installed()
    if node is None or folder is None:
        return None
    cart = carts.cart(20)
    work = {
        "cart": _cart(cart),
        "codes": cart["codes"],
        "promotions": [_promotion(f"P{n}", one) for n, one in enumerate(carts.promotions(50))]
        + [_promotion(f"CODE{n}", one, automatic=False) for n, one in enumerate(carts.promotions(2))],
        "seconds": seconds,
        **more,
    }
    ran = subprocess.run(
        [node, program],
        cwd=folder,
        env=os.environ | {"NODE_ENV": "production"},
        input=msgspec.json.encode(work),
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return msgspec.json.decode(ran.stdout.splitlines()[-1], type=found)  # migrations tell of themselves before


def _installed() -> Path | None:
    """Return the folder of the programs with the packages that they need, installed once for each lock file."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    lock = hashlib.sha256((PACKAGE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = KEPT / f"medusa-{lock}"
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(PACKAGE / name, folder)
        ran = subprocess.run([npm, "ci", "--ignore-scripts"], cwd=folder, capture_output=True, text=True, check=False)
        if ran.returncode and any(reason in ran.stderr for reason in OFFLINE):
            return None
        assert ran.returncode == 0, ran.stderr
        (folder / "installed").touch()
    for program in PACKAGE.glob("*.mjs"):
        shutil.copy(program, folder)
    return folder


def _cart(cart: dict[str, Any]) -> dict[str, Any]:
    """Return the cart as Medusa reads it, with what the rules look at, and what computing needs."""
    items = [
        {
            "id": line["id"],
            "variant_sku": line["sku"],
            "quantity": line["quantity"],
            "unit_price": line["unit_price"],
            "subtotal": line["quantity"] * line["unit_price"],
            "original_total": line["quantity"] * line["unit_price"],
            "is_discountable": True,
            "product": {"id": line["product_id"], "categories": [{"id": one} for one in line["category_ids"]]},
            "metadata": line["attributes"]["products(shoes)"],
        }
        for line in cart["items"]
    ]
    return {"currency_code": "usd", "subtotal": sum(item["subtotal"] for item in items), "items": items}


def _promotion(code: str, promotion: PromotionAttributes, *, automatic: bool = True) -> dict[str, Any]:
    """Return what of Medusa comes nearest to a promotion of ours; medusa/README.md tells how near."""
    rule_set = msgspec.to_builtins(promotion.rule_set)
    condition, [action] = rule_set["rules"], rule_set["actions"]
    bundle = condition["strategy"] == "items_bundle"
    rules, buy_rules = [], []
    if bundle:
        first, second = condition["children"]
        buy_rules, target_rules = [*_rules(first)], [*_rules(second)]
    elif action["strategy"] == "cart_discount":
        rules = [*_rules(condition)]
        target_rules = [*_rules(action["condition"])] if "condition" in action else []
    else:
        target_rules = [*_rules(condition)]
    return {
        "id": f"promo_{code}",
        "code": code,
        "type": "buyget" if bundle else "standard",
        "status": "active",
        "is_automatic": automatic,
        "is_tax_inclusive": False,
        "limit": None,
        "used": 0,
        "campaign": None,
        "rules": rules,
        "application_method": _method(action) | {"target_rules": target_rules, "buy_rules": buy_rules},
    }


def _method(action: dict[str, Any]) -> dict[str, Any]:
    """Return how much Medusa takes off what."""
    kind, *_, value = action["args"]
    limits = action.get("limitations", {})
    method = {"type": "percentage"} if kind == "percent" else {"type": "fixed", "currency_code": "usd"}
    method |= {"value": value, "target_type": "items"}
    match action["strategy"]:
        case "cart_discount" if "condition" in action:
            return method | {"allocation": "across"}
        case "cart_discount":
            return method | {"target_type": "order", "allocation": "across"}
        case "items_bundle_discount":
            return method | {
                "allocation": "each",
                "buy_rules_min_quantity": 1,
                "apply_to_quantity": 1,
                "max_quantity": EVERY_UNIT,
            }
    if kind == "fixed_price":
        return method | {"allocation": "each", "max_quantity": action["args"][1]}
    if "items" in limits:
        return method | {"allocation": "once", "max_quantity": limits["items"]["max_units"]}
    if "max_discount" in limits:
        return method | {"allocation": "once", "max_quantity": limits["max_discount"] // value}
    return method | {"allocation": "each", "max_quantity": EVERY_UNIT}


def _rules(condition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the rules of a condition; all must hold."""
    if condition["strategy"] != "and":
        attribute, values = _LOOKED_AT[condition["strategy"]](condition["args"])
        operator = {"nin": "ne"}.get(condition["operator"], condition["operator"])
        yield {"attribute": attribute, "operator": operator, "values": [{"value": str(value)} for value in values]}
    for child in condition.get("children", ()):
        yield from _rules(child)


def _products(identifiers: dict[str, Any]) -> list[str]:
    return [*identifiers["ids"], *(sku.replace("sku", "product") for sku in identifiers["skus"])]


_LOOKED_AT: dict[str, Callable[[Any], tuple[str, Iterable[Any]]]] = {
    "item_sku": lambda args: ("items.variant_sku", args),
    "item_category": lambda args: ("items.product.categories.id", args),
    "item_attribute": lambda args: (f"items.metadata.{args[1]}", args[3:]),
    "item_price": lambda args: ("items.unit_price", args),
    "item_quantity": lambda args: ("items.quantity", args),
    "item_identifier": lambda args: ("items.product.id", _products(args[0])),
    "cart_total": lambda args: ("subtotal", args),
    "cart_custom_attribute": lambda args: (f"metadata.{args[0]}", args[2:]),
}
"""Which attribute of Medusa's a condition looks at, and the values that it names."""
