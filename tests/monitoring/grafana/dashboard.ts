// The type of the dashboard of deploy/monitoring, made of those that Grafana publishes: `@grafana/schema` has the dashboard and
// each kind of panel, `@grafana/grafana-foundation-sdk` the queries to Prometheus and the units.

import type * as schema from "@grafana/schema";
import type * as stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type * as table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type * as text from "@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen";
import type * as timeseries from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import type * as units from "@grafana/grafana-foundation-sdk/units";

/** A type as JSON has it: the values of its enums for the enums. */
type Json<T> = T extends string
  ? `${T}`
  : T extends (infer Element)[]
    ? Json<Element>[]
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

type Unit = (typeof units)[keyof typeof units];

type Query = Omit<Dataquery, "_implementsDataqueryVariant">;

type Fields<Custom> = Omit<schema.FieldConfig, "custom" | "unit"> & { custom?: Partial<Custom>; unit: Unit };

type PanelOf<Type, Options> = Omit<schema.Panel, "type" | "options" | "fieldConfig" | "targets"> & {
  type: Type;
  options: Options;
};

/** A panel that shows what Prometheus has. */
type Graph<Type, Options, Custom> = PanelOf<Type, Options> & {
  fieldConfig: Omit<schema.FieldConfigSource, "defaults"> & { defaults: Fields<Custom> };
  targets: Query[];
};

/** The kinds of panels in use. A new one is a line here. */
type Panel =
  | schema.RowPanel
  | PanelOf<"text", text.Options>
  | Graph<"stat", stat.Options, object>
  | Graph<"table", table.Options, table.FieldConfig>
  | Graph<"timeseries", timeseries.Options, timeseries.FieldConfig>;

export type JsonPanel = Json<Panel>;

export type Dashboard = Json<Omit<schema.Dashboard, "panels"> & { panels: Panel[] }>;
