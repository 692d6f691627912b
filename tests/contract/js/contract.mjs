// What a merchant's program does with the official SDK, step by step; the first answer that is wrong ends it.
// Run by test_js_sdk.py, beside an installed node_modules.
import assert from "node:assert/strict";
import sdk from "@elasticpath/js-sdk";

const { COUPONRY_HOST: host, COUPONRY_CLIENT_ID: client_id, COUPONRY_CLIENT_SECRET: client_secret } = process.env;
const calls = [];

function connect(credentials) {
  return sdk.gateway({
    ...credentials,
    host,
    protocol: "http",
    storage: new sdk.MemoryStorageFactory(),
    retryDelay: 1,
    retryJitter: 1,
    custom_fetch: (url, options) => {
      calls.push(`${options.method} ${new URL(url).pathname}`);
      return fetch(url, options);
    },
  });
}

async function step(sentence, action) {
  try {
    const result = await action();
    console.log(`ok   ${sentence}`);
    return result;
  } catch (error) {
    console.log(`FAIL ${sentence}`);
    throw error instanceof Error ? error : new Error(JSON.stringify(error));
  }
}

async function refusal(promise) {
  try {
    return assert.fail(`should have been refused, answered ${JSON.stringify(await promise)}`);
  } catch (answer) {
    if (answer instanceof Error) throw answer;
    return answer.errors;
  }
}

async function ended(promotion, job) {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const found = (await merchant.RulePromotions.Jobs(promotion)).data.find(({ id }) => id === job);
    if (["completed", "failed", "cancelled"].includes(found.status)) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail(`job ${job} did not end`);
}

const CART_TEN_PERCENT = {
  rules: { strategy: "cart_total", operator: "gte", args: [1000] },
  actions: [{ strategy: "cart_discount", args: ["percent", 10] }],
};
const summer = {
  name: "Summer",
  description: "10 % off in summer",
  enabled: true,
  start: "2024-06-01",
  end: "2099-09-01",
  rule_set: CART_TEN_PERCENT,
};
const merchant = connect({ client_id, client_secret });

await step("a merchant signs in", async () => {
  const token = await merchant.Authenticate();
  assert.equal(token.token_type, "Bearer");
  assert.equal(token.identifier, "client_credentials");
  assert.equal(token.expires_in, 3600);
  assert.ok(Math.abs(token.expires - Date.now() / 1000 - 3600) < 60);
  assert.equal(merchant.tokenInvalid(), false);
});

const promotion = await step("creates a promotion", async () => {
  const { data } = await merchant.RulePromotions.Create(summer);
  assert.equal(data.type, "rule_promotion");
  assert.equal(data.name, "Summer");
  assert.equal(data.start, "2024-06-01T00:00:00Z");
  assert.deepEqual(data.rule_set.rules, CART_TEN_PERCENT.rules);
  assert.ok(data.meta.timestamps.created_at);
  return data.id;
});

await step("creates others, one of them automatic", async () => {
  const { data } = await merchant.RulePromotions.Create({ ...summer, name: "Autumn", automatic: true });
  assert.equal(data.automatic, true);
  const codes = await merchant.RulePromotions.Codes(data.id);
  assert.deepEqual(codes.data.map(({ code }) => code), [`auto_${data.id}`]);
  await merchant.RulePromotions.Create({ ...summer, name: "Winter", enabled: false });
});

await step("lists them all", async () => {
  const { data, meta, links } = await merchant.RulePromotions.All();
  assert.deepEqual(data.map(({ name }) => name), ["Winter", "Autumn", "Summer"]);
  assert.deepEqual(meta.page, { limit: 25, offset: 0, current: 1, total: 1 });
  assert.equal(meta.results.total, 3);
  assert.equal(links.next, null);
});

await step("lists them page by page", async () => {
  const { data, meta } = await merchant.RulePromotions.Limit(1).Offset(1).All();
  assert.deepEqual(data.map(({ name }) => name), ["Autumn"]);
  assert.deepEqual(meta.page, { limit: 1, offset: 1, current: 2, total: 3 });
  const none = await merchant.RulePromotions.Limit(0).All();
  assert.deepEqual(none.data, []);
  assert.equal(none.meta.results.total, 3);
});

await step("filters them", async () => {
  const named = async (filter) => (await merchant.RulePromotions.Filter(filter).All()).data.map(({ name }) => name);
  assert.deepEqual(await named({ eq: { enabled: false } }), ["Winter"]);
  assert.deepEqual(await named({ ilike: { name: "*SUMM*" } }), ["Summer"]);
  assert.deepEqual(await named({ eq: { enabled: true }, like: { name: "A*" } }), ["Autumn"]);
  assert.deepEqual(await named({ or: [{ like: { name: "W*" } }, { like: { name: "S*" } }] }), ["Winter", "Summer"]);
  assert.deepEqual(await named({ in: { rule_set: { rules: { strategy: [] } } } }).catch(({ errors }) => errors[0].title), "Bad Request");
});

await step("gets one", async () => {
  const { data } = await merchant.RulePromotions.Get(promotion);
  assert.equal(data.id, promotion);
  assert.equal(data.description, summer.description);
});

await step("updates a part of it", async () => {
  const { data } = await merchant.RulePromotions.Update(promotion, { name: "High summer", priority: 7 });
  assert.equal(data.name, "High summer");
  assert.equal(data.priority, 7);
  assert.equal(data.description, summer.description);
  assert.deepEqual(data.rule_set.actions, CART_TEN_PERCENT.actions);
});

await step("is told why a promotion is refused", async () => {
  assert.deepEqual(await refusal(merchant.RulePromotions.Create({ ...summer, priority: 7 })), [
    {
      title: "Duplicate priority",
      status: "422",
      detail: "Priority already in use in another running or scheduled promotion",
    },
  ]);
  const [error] = await refusal(merchant.RulePromotions.Create({ ...summer, name: undefined }));
  assert.equal(error.status, 400);
  assert.equal(error.detail, "name is required");
});

const codes = await step("adds codes", async () => {
  const { data, messages } = await merchant.RulePromotions.AddCodes(promotion, [
    { code: "spring2024" },
    { code: "=SAVE,10%", uses: 5, consume_unit: "per_application" },
    { code: "vip", user: "vip@example.com", max_uses_per_shopper: { max_uses: 1, includes_guests: false } },
    { code: "first", is_for_new_shopper: true },
  ]);
  assert.deepEqual(data.map(({ code }) => code), ["spring2024", "=SAVE,10%", "vip", "first"]);
  assert.equal(data[1].uses, 5);
  assert.equal(data[1].max_uses, 5);
  assert.equal(messages, undefined);
  return data;
});

await step("lists codes, filtered and page by page", async () => {
  const all = await merchant.RulePromotions.Codes(promotion);
  assert.equal(all.meta.results.total, 4);
  assert.deepEqual(all.data.map(({ id }) => id), codes.map(({ id }) => id));
  const one = await merchant.RulePromotions.Filter({ eq: { code: "SPRING2024" } }).Codes(promotion);
  assert.deepEqual(one.data.map(({ code }) => code), ["spring2024"]);
  const page = await merchant.RulePromotions.Limit(2).Offset(2).Codes(promotion);
  assert.deepEqual(page.data.map(({ code }) => code), ["vip", "first"]);
});

await step("finds the promotion by a code", async () => {
  const { data } = await merchant.RulePromotions.Filter({ eq: { code: "Vip" } }).All();
  assert.deepEqual(data.map(({ id }) => id), [promotion]);
});

await step("deletes one code, and then some", async () => {
  await merchant.RulePromotions.DeleteCode(promotion, codes[0].id);
  await merchant.RulePromotions.DeleteCodes(promotion, [{ code: "VIP" }, { code: "nobody has this" }]);
  const { data } = await merchant.RulePromotions.Codes(promotion);
  assert.deepEqual(data.map(({ code }) => code), ["=SAVE,10%", "first"]);
});

await step("generates codes in the background", async () => {
  const { data } = await merchant.RulePromotions.AddCodesJob(promotion, {
    type: "promotion_job",
    job_type: "code_generate",
    name: "Bulk",
    parameters: {
      number_of_codes: 300,
      consume_unit: "per_cart",
      code_prefix: "summer-",
      max_uses_per_code: 2,
      code_length: 10,
    },
  });
  assert.equal(data.status, "pending");
  assert.equal(data.promotion_id, promotion);
  assert.equal(data.parameters.consume_unit, "per_checkout");
  const job = await ended(promotion, data.id);
  assert.equal(job.status, "completed");
  assert.deepEqual(job.result, { generated: 300, deleted: 0 });
});

await step("exports them and downloads the file without a token", async () => {
  const { data } = await merchant.RulePromotions.AddCodesJob(promotion, {
    type: "promotion_job",
    job_type: "code_export",
    name: "Export",
  });
  assert.equal((await ended(promotion, data.id)).status, "completed");
  const { href } = await merchant.RulePromotions.GetCodeExportFile(promotion, data.id);
  const file = await fetch(href);
  assert.equal(file.status, 200);
  assert.match(file.headers.get("content-type"), /^text\/csv/);
  const lines = (await file.text()).split("\r\n");
  assert.equal(lines.length, 1 + 302 + 1);
  assert.ok(lines[0].startsWith("code,uses,max_uses,"));
  assert.ok(lines[1].startsWith('"=SAVE,10%",5,5,per_application,'));
});

await step("filters jobs", async () => {
  const { data } = await merchant.RulePromotions.Filter({ eq: { job_type: "code_export" } }).Jobs(promotion);
  assert.deepEqual(data.map(({ name }) => name), ["Export"]);
  const both = await merchant.RulePromotions.Filter({ eq: { status: "complete" } }).Jobs(promotion);
  assert.deepEqual(both.data.map(({ name }) => name), ["Export", "Bulk"]);
});

await step("cancels a job", async () => {
  const { data } = await merchant.RulePromotions.AddCodesJob(promotion, {
    type: "promotion_job",
    job_type: "code_generate",
    parameters: { number_of_codes: 400_000, code_length: 12 },
  });
  const cancelled = await merchant.RulePromotions.CancelJob(promotion, data.id);
  assert.ok(["cancelling", "cancelled"].includes(cancelled.data.status));
  const job = await ended(promotion, data.id);
  assert.equal(job.status, "cancelled");
  assert.equal(job.result.generated, job.result.deleted);
  assert.equal((await merchant.RulePromotions.Codes(promotion)).meta.results.total, 302);
  const [error] = await refusal(merchant.RulePromotions.CancelJob(promotion, data.id));
  assert.equal(error.detail, "Only pending or processing jobs can be cancelled.");
});

await step("asks whether previews are enabled", async () => {
  const { data } = await merchant.Settings.Promotions();
  assert.equal(data.type, "promotion_settings");
  assert.equal(typeof data.rule_promotions_preview_enabled, "boolean");
});

const shopping = connect({ client_id });
const cart = shopping.Cart("a-cart-of-the-sdk");

await step("fills a cart", async () => {
  assert.equal((await cart.Get()).data.name, "Cart");
  await cart.AddCustomItem({ type: "custom_item", name: "Sock", sku: "sock", quantity: 2, price: { amount: 1000 } });
  const bulk = [{ type: "custom_item", name: "Boot", sku: "boot", quantity: 1, price: { amount: 5000 } }];
  const { data } = await cart.BulkAdd(bulk);
  const lines = data.filter(({ type }) => type === "custom_item");
  assert.deepEqual(lines.map(({ sku, quantity }) => [sku, quantity]), [["sock", 2], ["boot", 1]]);
  const [sock] = (await cart.UpdateItem(data[0].id, 3)).data;
  assert.equal(sock.quantity, 3);
});

await step("enters a code on a cart, and removes it", async () => {
  const { data } = await merchant.RulePromotions.Create({ ...summer, name: "For carts", rule_set: CART_TEN_PERCENT });
  await merchant.RulePromotions.AddCodes(data.id, [{ code: "CART10" }]);
  const items = await cart.AddPromotion("cart10");
  const shown = items.data.find(({ sku }) => sku === "CART10");
  assert.equal(shown.promotion_id, data.id);
  assert.equal(items.meta.messages[0].title, "Promotion Added");
  const { included } = await cart.With("promotions").Get();
  assert.ok(included.promotions.some(({ id }) => id === data.id));
  const without = await cart.RemoveItem(shown.id);
  assert.ok(without.data.every(({ sku }) => sku !== "CART10"));
  const [error] = await refusal(cart.AddPromotion("nothing"));
  assert.deepEqual(error, {
    title: "Not Found",
    status: 404,
    detail: "No promotion could be found with the given code.",
    meta: { code: "nothing" },
  });
  await merchant.RulePromotions.Delete(data.id);
});

await step("associates a cart, and deletes it", async () => {
  await cart.AddCustomerAssociation("ann", "ann");
  assert.equal((await cart.Get()).data.relationships.customers.data[0].id, "ann");
  await cart.RemoveAllItems();
  assert.equal((await cart.Items()).data.length, 0);
  await cart.Delete();
});

const ADDRESS = {
  first_name: "Ann",
  last_name: "Doe",
  line_1: "1 Sunny Street",
  postcode: "92802",
  region: "CA",
  country: "US",
};
const ann = { name: "Ann Doe", email: "ann@example.com" };

const made = [];

async function coded(name, code) {
  const { data } = await merchant.RulePromotions.Create({ ...summer, name });
  made.push(data.id);
  await merchant.RulePromotions.AddCodes(data.id, [code]);
  return data.id;
}

async function filled(id, email) {
  const one = shopping.Cart(id);
  await one.UpdateCart({ contact: { email } });
  await one.AddCustomItem({ type: "custom_item", name: "Sock", sku: "sock", quantity: 2, price: { amount: 1000 } });
  return one;
}

const ordered = await step("shows a code's discount, which goes and comes back with the code", async () => {
  const id = await coded("For orders", { code: "ORDER10", uses: 5 });
  const one = await filled("an-order-of-the-sdk", ann.email);
  const discount = ({ meta }) => meta.display_price.discount.amount;
  const shown = await one.AddPromotion("order10");
  assert.equal(discount(shown), -380);  // beside the automatic promotion
  assert.equal(shown.data[0].meta.display_price.discounts.ORDER10.amount, -200);
  await one.RemoveItem(shown.data.find(({ sku }) => sku === "ORDER10").id);
  assert.equal(discount(await one.Items()), -200);
  assert.equal(discount(await one.AddPromotion("ORDER10")), -380);
  return { cart: one, promotion: id };
});

const order = await step("checks a cart out", async () => {
  const { data } = await ordered.cart.Checkout(ann, ADDRESS);
  assert.deepEqual([data.type, data.status, data.payment, data.shipping], ["order", "incomplete", "unpaid", "unfulfilled"]);
  assert.deepEqual(data.customer, ann);
  assert.deepEqual(data.shipping_address, ADDRESS);
  assert.equal(data.meta.display_price.with_tax.amount, 1620);
  assert.equal(data.meta.display_price.balance_owing.amount, 1620);
  const { data: items } = await merchant.Orders.Items(data.id);
  assert.deepEqual(items.map(({ type }) => type), ["order_item", "promotion_item", "promotion_item"]);
  assert.ok(items[0].discounts.some(({ code }) => code === "ORDER10"));
  return data.id;
});

await step("pays the order, and looks at its transactions", async () => {
  const { data } = await merchant.Orders.Payment(order, { gateway: "manual", method: "authorize" });
  assert.deepEqual([data.transaction_type, data.status, data.amount], ["authorize", "complete", 1620]);
  assert.equal((await merchant.Orders.Get(order)).data.payment, "authorized");
  const captured = await merchant.Transactions.Capture({ order, transaction: data.id });
  assert.equal(captured.data.transaction_type, "capture");
  const [again] = await refusal(merchant.Transactions.Capture({ order, transaction: data.id }));
  assert.equal(again.status, "422");
  assert.equal((await merchant.Transactions.All({ order })).data.length, 1);
  const { data: paid } = await merchant.Orders.Get(order);
  assert.deepEqual([paid.status, paid.payment], ["complete", "paid"]);
});

await step("lists orders", async () => {
  const { data, included } = await merchant.Orders.Filter({ eq: { payment: "paid" }, like: { email: "*@example.com" } })
    .Sort("-created_at")
    .With("items")
    .All();
  assert.deepEqual(data.map(({ id }) => id), [order]);
  assert.equal(included.items.length, 3);
});

await step("lists the usage, and forgets whose it is", async () => {
  const usages = () => merchant.request.send(`rule-promotions/${ordered.promotion}/usages`, "GET");
  const [usage] = (await usages()).data;
  assert.deepEqual([usage.order_id, usage.code, usage.customer_email], [order, "ORDER10", ann.email]);
  const body = { usage_ids: [usage.id] };
  const { data } = await merchant.request.send("rule-promotions/usages/anonymize", "POST", body);
  assert.deepEqual([data[0].customer_email, data[0].anonymized], ["**", true]);
  assert.equal((await usages()).data[0].customer_email, "**");
  assert.equal((await merchant.Orders.Get(order)).data.customer.name, "**");
});

await step("a code for first orders is refused once an order was paid", async () => {
  await coded("For first orders", { code: "FIRST", is_for_new_shopper: true });
  const guest = { name: "Bob", email: "bob@example.com" };
  const first = await filled("first-order", guest.email);
  await first.AddPromotion("FIRST");
  const { data } = await first.Checkout(guest, ADDRESS);
  const second = await filled("second-order", "BOB@example.com");
  await second.AddPromotion("FIRST");  // nothing is paid yet
  await second.RemoveAllItems();
  await merchant.Orders.Payment(data.id, { gateway: "manual", method: "purchase" });
  await filled("second-order", "BOB@example.com");
  const [error] = await refusal(second.AddPromotion("FIRST"));
  assert.deepEqual([error.status, error.meta.code], [404, "FIRST"]);
});

await step("a guest's one use of a code is refused with the second order", async () => {
  const limit = { max_uses: 1, includes_guests: true };
  await coded("Once each", { code: "ONCE", max_uses_per_shopper: limit });
  const guest = { name: "Carol", email: "carol@example.com" };
  const one = await filled("once-each", guest.email);
  await one.AddPromotion("ONCE");
  const first = (await one.Checkout(guest, ADDRESS)).data;
  assert.equal(first.meta.messages, undefined);
  const second = (await one.Checkout({ ...guest, email: "CAROL@example.com" }, ADDRESS)).data;
  assert.ok(second.meta.messages.some(({ title }) => title === "Fully Consumed"));
  assert.equal(first.meta.display_price.with_tax.amount, 1620);
  assert.equal(second.meta.display_price.with_tax.amount, 1800);
});

await step("cancels and anonymizes an order", async () => {
  const { data } = await ordered.cart.Checkout({ name: "Dan", email: "dan@example.com" }, ADDRESS);
  const [open] = await refusal(merchant.Orders.anonymize({ order_ids: [data.id] }));
  assert.equal(open.title, "Could not anonymize orders");
  assert.equal((await merchant.Orders.Update(data.id, { status: "cancelled" })).data.status, "cancelled");
  const { data: forgotten } = await merchant.Orders.anonymize({ order_ids: [data.id] });
  assert.deepEqual([forgotten[0].anonymized, forgotten[0].customer.email], [true, "**"]);
  for (const id of made) await merchant.RulePromotions.Delete(id);
});

await step("deletes the promotion", async () => {
  await merchant.RulePromotions.Delete(promotion);
  const [error] = await refusal(merchant.RulePromotions.Get(promotion));
  assert.deepEqual(error, { title: "Not Found", status: 404, detail: "promotion not found" });
});

await step("a shopper is refused once and for all", async () => {
  const shopper = connect({ client_id });
  const token = await shopper.Authenticate();
  assert.equal(token.identifier, "implicit");
  calls.length = 0;
  assert.deepEqual(await refusal(shopper.RulePromotions.All()), [{ title: "Forbidden", status: 403 }]);
  assert.deepEqual(calls, ["GET /v2/rule-promotions"]);
});

await step("a lost token is renewed without a word", async () => {
  const { storage } = merchant;
  const kept = JSON.parse(storage.get("epCredentials"));
  storage.set("epCredentials", JSON.stringify({ ...kept, access_token: "lost" }));
  calls.length = 0;
  assert.equal((await merchant.RulePromotions.All()).data.length, 2);
  assert.deepEqual(calls, ["GET /v2/rule-promotions", "POST /oauth/access_token", "GET /v2/rule-promotions"]);
});

await step("a wrong secret is refused", async () => {
  const stranger = connect({ client_id, client_secret: "wrong" });
  assert.deepEqual(await refusal(stranger.RulePromotions.All()), [{ title: "Unauthorized", status: "401" }]);
});
