// How often a second Medusa's promotion module computes the actions for a cart: its own code, unchanged, from
// computeActions on. Only what its database would answer comes from memory, and at no cost: see README.md.
// Reads {promotions, cart, codes, seconds} from stdin; writes what it found as JSON.
import { createRequire } from "node:module";
import { measured, work } from "./measuring.mjs";

const require = createRequire(import.meta.url);
const { default: PromotionModuleService } = require("@medusajs/promotion/dist/services/promotion-module.js");
const { validateApplicationMethodAttributes, validatePromotionRuleAttributes } =
  require("@medusajs/promotion/dist/utils");
const { flattenObjectToKeyValuePairs } = require("@medusajs/framework/utils");
const { RawQueryFragment } = require("@mikro-orm/core");

const { promotions, cart, codes, seconds } = work;

function rulesOf({ rules, application_method: method }) {
  return [...rules, ...method.target_rules, ...method.buy_rules];
}

// What the SQL of buildPromotionRuleQueryFilterFromContext selects: no rule that the cart cannot meet.
function meetable(rule, known) {
  if (!(rule.attribute in known)) return false;
  const has = [known[rule.attribute]].flat().map(String);
  const numbers = has.map(Number).filter((number) => !Number.isNaN(number));
  const wanted = rule.values.map(({ value }) => value);
  switch (rule.operator) {
    case "in":
    case "eq":
      return wanted.some((value) => has.includes(value));
    case "gte":
      return !numbers.length || wanted.every((value) => has.includes(value) || Number(value) <= Math.max(...numbers));
    case "ne":
      return true;
    default:
      throw new Error(`no promotion of ours has ${rule.operator}`);
  }
}

for (const promotion of promotions) {
  validatePromotionRuleAttributes(rulesOf(promotion));
  validateApplicationMethodAttributes(promotion.application_method, promotion);
}
promotions.sort((one, other) => other.application_method.value - one.application_method.value);
const known = flattenObjectToKeyValuePairs(cart);
const automatic = promotions.filter((one) => one.is_automatic && rulesOf(one).every((rule) => meetable(rule, known)));
const listed = promotions.filter((one) => automatic.includes(one) || codes.includes(one.code));
const attributes = [...new Set(promotions.flatMap(rulesOf).map((rule) => rule.attribute))];
const rows = { rows: attributes.map((attribute) => ({ attribute })) };

let answer = listed;
const service = Object.create(PromotionModuleService.prototype);
service.baseRepository_ = { getFreshManager: () => ({ getKnex: () => ({ raw: async () => rows }) }) };
service.promotionService_ = {
  async list(filters) {
    if (!filters.$and) return answer;
    // The ORM forgets the SQL of a filter once a query has used it; otherwise they would pile up.
    for (const key of Object.keys(filters.$and[1])) RawQueryFragment.getKnownFragment(key);
    return automatic;
  },
};

const asAShop = () => service.computeActions(codes, cart);
const actions = await asAShop();
const evaluations = await measured(asAShop, seconds);

// And with nothing selected: no SQL is built, and computeActions itself looks at every promotion.
answer = promotions;
const all = promotions.map((promotion) => promotion.code);
const unselected = await measured(
  () => service.computeActions(all, cart, { prevent_auto_promotions: true }),
  seconds,
);

console.log(
  JSON.stringify({
    evaluations_per_second: evaluations,
    unselected_per_second: unselected,
    promotions: promotions.length,
    listed: listed.length,
    applied: [...new Set(actions.map((action) => action.code))],
    actions: actions.length,
  }),
);
