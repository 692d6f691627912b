"""What lint calls impossible never happens, whatever the cart."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from couponry.domain.cart import Cart
from couponry.domain.conditions import And, RuleCondition
from couponry.domain.evaluation import evaluate
from couponry.domain.impossible import dead_branches, never
from couponry.domain.item_conditions import children_of
from couponry.domain.lint import lint
from couponry.domain.promotion_book import book, entry
from couponry.domain.running import RunningCart
from couponry.domain.shadowing import lint_store
from couponry.domain.validity import Contradiction
from property.carts import World, carts, rule_leaves, rules, worlds

FIELDS = ("strategy", "operator", "args")
DEAD = {"never_holds", "never_applies", "unknown_currency"}

together = st.lists(rule_leaves, min_size=2, max_size=4).map(lambda some: {"strategy": "and", "children": some})


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(together | rules, st.lists(carts(), min_size=1, max_size=3))
def test_what_can_never_hold_holds_for_no_cart(document: dict[str, Any], tried: list[Cart]):
    try:
        condition: Any = msgspec.convert(document, RuleCondition)
    except (msgspec.ValidationError, Contradiction):
        return
    dead = never(condition)
    event("impossible" if dead else "possible")
    for cart in tried:
        running = RunningCart(cart, _fields(condition))
        if dead is not None:
            assert condition.matcher()(running, running.every) is None, dead
        for branch in dead_branches(condition):
            part = _at(condition, branch.path)
            if isinstance(part, And):
                assert part.matcher()(running, running.every) is None, branch


def _fields(condition: Any) -> set[tuple[str, str]]:
    own = {(str(condition.args[0]), str(condition.args[1]))} if type(condition).__name__ == "ItemAttribute" else set()
    return own.union(*(_fields(child) for child in children_of(condition)))


def _at(condition: Any, path: str) -> Any:
    for step in path.split("."):
        condition = condition.children if step == "children" else condition[int(step)] if step else condition
    return condition


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_what_is_said_never_to_apply_does_not(world: World):
    entries = [entry(one.id, one.attributes, one.created_at) for one in world.promotions]
    judged = evaluate(world.cart, book(entries), world.entered, world.at, explain=True)
    applied = {one.promotion_id for one in judged.applied}
    for one in world.promotions:
        if any(finding.code in DEAD for finding in lint(one.attributes, world.at)):
            event("dead")
            assert one.id not in applied
    took_nothing = any(one.reason == "no_discount" for one in judged.refused)
    for id_, findings in lint_store(entries, world.at).items():
        if any(one.code == "shadowed" for one in findings):
            event("shadowed")
            assert id_ not in applied or took_nothing
