import * as k8s from "@pulumi/kubernetes";
import type { meta } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

const apiVersion = "monitoring.coreos.com/v1";

/** `spec` of a PodMonitor, as far as it is used here. */
export interface PodMonitorSpec {
  readonly selector: meta.v1.LabelSelector;
  readonly namespaceSelector:
    { readonly any: true } | { readonly matchNames: readonly string[] };
  readonly podMetricsEndpoints: readonly {
    readonly port: string;
    readonly interval: string;
    readonly relabelings?: readonly {
      readonly sourceLabels: readonly string[];
      readonly action: "drop";
      readonly regex: string;
    }[];
  }[];
  readonly sampleLimit?: number;
  readonly targetLimit?: number;
  readonly bodySizeLimit?: string;
  readonly labelLimit?: number;
  readonly labelNameLengthLimit?: number;
  readonly labelValueLengthLimit?: number;
}

/** Pods that Prometheus reads. */
export class PodMonitor extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: {
      readonly metadata: meta.v1.ObjectMeta;
      readonly spec: PodMonitorSpec;
    },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(name, { ...args, apiVersion, kind: "PodMonitor" }, opts);
  }
}

/** A condition that fires, or a series that is recorded. */
export type PrometheusRuleEntry =
  | {
      readonly alert: string;
      readonly expr: string;
      readonly for: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
    }
  | {
      readonly record: string;
      readonly expr: string;
      readonly labels?: Readonly<Record<string, string>>;
    };

/** `spec` of a PrometheusRule, as far as it is used here. */
export interface PrometheusRuleSpec {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly PrometheusRuleEntry[];
  }[];
}

/** Rules of Prometheus: what it watches for, and what it records. */
export class PrometheusRule extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: {
      readonly metadata: meta.v1.ObjectMeta;
      readonly spec: PrometheusRuleSpec;
    },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(name, { ...args, apiVersion, kind: "PrometheusRule" }, opts);
  }
}
