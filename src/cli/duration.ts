/** Times as people write them on a command line. */
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** `7d`, `12h`, `30m`, `45s`, `1w` as seconds; throws an Error that says what is wrong. */
export function parseDurationSeconds(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,7})(s|m|min|h|d|w)$/.exec(text) ?? [];
  const seconds = Number(digits) * (UNIT_SECONDS[unit] ?? 0);
  if (seconds > 0) return seconds;
  throw new Error(`"${text}" is no time: write 7d, 12h, 30m or 45s`);
}
