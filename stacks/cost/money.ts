/** US dollars rounded as money: cents below ten, whole dollars above. */
export function money(usd: number): string {
  const size = Math.abs(usd);
  const isNothing = size < 0.005;
  // Amounts that round to 10 or more are written without decimals.
  return fixed(isNothing ? 0 : usd, isNothing || size >= 9.995 ? 0 : 2);
}

/** A change of US dollars, with its sign; less than half a cent is none. */
export function signedMoney(usd: number): string {
  if (Math.abs(usd) < 0.005) return `±${money(0)}`;
  return `${usd > 0 ? "+" : "-"}${money(Math.abs(usd))}`;
}

/** US dollars of one run, of which thousands add up: to a tenth of a cent below one dollar. */
export function runMoney(usd: number): string {
  if (usd > 0 && usd < 0.0005) return "<0.001";
  return usd > 0 && usd < 0.9995 ? fixed(usd, 3) : money(usd);
}

/** Lowest and highest, as one figure where they read the same. */
export function runMoneySpan({
  low,
  high,
}: {
  readonly low: number;
  readonly high: number;
}): string {
  const [least, most] = [runMoney(low), runMoney(high)];
  return least === most ? most : `${least} to ${most}`;
}

function fixed(usd: number, digits: number): string {
  return usd.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
