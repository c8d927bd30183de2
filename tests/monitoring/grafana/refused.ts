// What the type of the dashboard has to refuse, so that it is known to refuse something: an error that is expected and does
// not come is one itself.

import type { JsonPanel } from "./dashboard.js";

const datasource = { type: "prometheus", uid: "${datasource}" };
const gridPos = { h: 8, w: 8, x: 0, y: 0 };
const options = { content: "", mode: "markdown" } as const;

export default [
  { type: "text", datasource, gridPos, options },
  // @ts-expect-error A kind of panel that is none, or is no more.
  { type: "graph", datasource, gridPos, options },
  // @ts-expect-error A field that there is not.
  { type: "text", datasource, gridPos, options, titel: "" },
  // @ts-expect-error A value that the enum has not.
  { type: "text", datasource, gridPos, options: { content: "", mode: "plain" } },
  // @ts-expect-error A field of another type.
  { type: "text", datasource, gridPos: { h: "8", w: 8, x: 0, y: 0 }, options },
  {
    type: "table",
    options: { frameIndex: 0, showHeader: true },
    // @ts-expect-error A unit that there is not.
    fieldConfig: { defaults: { unit: "percents" }, overrides: [] },
    targets: [{ expr: "1" }],
  },
  {
    type: "table",
    options: { frameIndex: 0, showHeader: true },
    fieldConfig: { defaults: { unit: "short" }, overrides: [] },
    // @ts-expect-error A query without an expression.
    targets: [{ refId: "A" }],
  },
] satisfies JsonPanel[];
