/** US dollars rounded as money: cents below ten, whole dollars above. */
export function money(usd: number): string {
  const digits = Math.abs(usd) < 10 && usd !== 0 ? 2 : 0;
  return usd.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** A change of US dollars, with its sign. */
export function signedMoney(usd: number): string {
  return `${usd > 0 ? "+" : usd < 0 ? "-" : "±"}${money(Math.abs(usd))}`;
}
