// How often a second Medusa's promotion module computes the actions for a cart, with its database: the module as
// Medusa itself starts it, on the connections that Medusa itself makes, in tables that its own migrations create.
// Reads {promotions, cart, codes, seconds, database_url} from stdin; writes what it found as JSON.
import { createRequire } from "node:module";
import { measured, work } from "./measuring.mjs";

const require = createRequire(import.meta.url);
const { MedusaModule } = require("@medusajs/framework/modules-sdk");
const { ContainerRegistrationKeys, Modules, ModulesSdkUtils } = require("@medusajs/framework/utils");

const { promotions, cart, codes, seconds, database_url } = work;

const [moduleKey, modulePath] = [Modules.PROMOTION, "@medusajs/promotion"];
const database = ModulesSdkUtils.loadDatabaseConfig("medusa", { database: { clientUrl: database_url } });
await MedusaModule.migrateUp({ moduleKey, modulePath, options: { database } });
const connection = ModulesSdkUtils.createPgConnection(database);
const { [moduleKey]: service } = await MedusaModule.bootstrap({
  moduleKey,
  defaultPath: modulePath,
  injectedDependencies: { [ContainerRegistrationKeys.PG_CONNECTION]: connection },
});

const created = (rule) => ({ ...rule, values: rule.values.map(({ value }) => value) });
await service.createPromotions(
  promotions.map(({ id, used, campaign, rules, application_method: method, ...members }) => ({
    ...members,
    rules: rules.map(created),
    application_method: {
      ...method,
      target_rules: method.target_rules.map(created),
      buy_rules: method.buy_rules.map(created),
    },
  })),
);
await connection.raw("VACUUM ANALYZE"); // as autovacuum would have done before long

let statements = 0;
connection.on("query", () => (statements += 1));
const actions = await service.computeActions(codes, cart);
const once = statements;
const evaluations = await measured(() => service.computeActions(codes, cart), seconds);
await connection.destroy();

console.log(
  JSON.stringify({
    evaluations_per_second: evaluations,
    promotions: promotions.length,
    statements: once,
    applied: [...new Set(actions.map((action) => action.code))],
    actions: actions.length,
  }),
);
