/** Index in which the newest release of a pin is looked up. */
export type Index =
  | {
      readonly kind: "chart";
      readonly repository: string;
      readonly chart: string;
    }
  | {
      readonly kind: "image";
      readonly registry: string;
      readonly image: string;
    }
  | { readonly kind: "manifests"; readonly repository: string }
  | { readonly kind: "go"; readonly module: string }
  | { readonly kind: "npm"; readonly package: string }
  | { readonly kind: "python"; readonly package: string }
  /** Nobody answers without an account; `ask` says how it is asked with one. */
  | { readonly kind: "account"; readonly ask: string };

/** A version that the project pins. */
export interface Pin {
  /** Kind of the pinned thing, for people: `chart`, `image`, `program`… */
  readonly of: string;
  readonly name: string;
  readonly version: string;
  /** File that it stands in. */
  readonly file: string;
  readonly index: Index;
  /** Page with what changed. */
  readonly releases: string;
}

/** Result of looking up a pin. */
export type Looked = Omit<Pin, "index"> &
  (
    | { readonly newest: string; readonly outdated: boolean }
    /** Why it could not be looked up. */
    | { readonly cause: string }
  );
