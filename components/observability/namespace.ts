import { podsOf } from "../network-policy";

/** Where Prometheus, the Pushgateway and the dashboards are. */
export const observabilityNamespace = "observability";

/** Every pod there, as network policies name who reads metrics. */
export const observabilityPods = podsOf(observabilityNamespace);
