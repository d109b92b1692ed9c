import {
  listAt,
  propertiesAt,
  textAt,
  type Properties,
  type Value,
} from "../plugin/value";
import { yaml } from "./on-demand";

/** Parses YAML of one document. */
export function parse(text: string): Properties {
  return propertiesAt(yaml().parse(text) as Value);
}

/** Parses YAML of many documents; lists of objects are taken apart. */
export function parseAll(text: string): Properties[] {
  return yaml()
    .parseAllDocuments(text, {
      // The API's own parser knows `yes` and octal numbers, but neither dates nor `1:30`.
      version: "1.1",
      customTags: (tags) =>
        tags.filter(
          (tag) =>
            typeof tag === "string" ||
            (tag.format !== "TIME" && !/:(timestamp|binary)$/.test(tag.tag)),
        ),
    })
    .flatMap((document) => {
      const [error] = document.errors;
      if (error) throw new Error(`cannot read YAML: ${error.message}`);
      const object = propertiesAt(document.toJS() as Value);
      const items = listAt(object, "items");
      return textAt(object, "kind")?.endsWith("List") && items.length > 0
        ? items.map((item) => propertiesAt(item))
        : [object];
    })
    .filter((object) => textAt(object, "kind") !== undefined);
}
