import { isMap, isSeq, parseDocument } from "yaml";

/**
 * The kubeconfig that AKS hands out, with another way to log in than the device code it names: a program has nobody to
 * type one. `AAD_LOGIN_METHOD` in the environment still wins, as in CI.
 */
export function withLogin(kubeconfig: string, method: string): string {
  const document = parseDocument(kubeconfig);
  const users = document.get("users");
  for (const user of isSeq(users) ? users.items : []) {
    const args = isMap(user) ? user.getIn(["user", "exec", "args"]) : undefined;
    if (!isSeq(args)) continue;
    const words: unknown[] = args.toJSON();
    const at = words.indexOf("--login");
    if (at >= 0) args.set(at + 1, method);
    else
      args.items.push(
        ...["--login", method].map((word) => document.createNode(word)),
      );
  }
  return String(document);
}
