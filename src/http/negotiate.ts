/**
 * Proactive content negotiation (RFC 9110 section 12.5.1): which of the media types on offer the
 * client would rather have. `offered` is in our own order of preference. Where the client accepts
 * none, the first: RFC 9110 lets a server answer regardless, and a person with an odd client is
 * helped more by text than by an error.
 */
export function preferredMediaType<Offered extends string>(
  accept: string | undefined,
  offered: readonly [Offered, ...Offered[]],
): Offered {
  const ranges = parseAccept(accept ?? "*/*");
  let [best] = offered;
  let bestQuality = 0;
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality > bestQuality) {
      best = type;
      bestQuality = quality;
    }
  }
  return best;
}

type MediaRange = { readonly type: string; readonly quality: number };

/** Ranges read of one Accept field; browsers send less than ten. */
const RANGES_MAXIMUM = 32;

function parseAccept(accept: string): readonly MediaRange[] {
  return accept
    .split(",", RANGES_MAXIMUM)
    .map((part) => {
      const [type = "", ...parameters] = part.split(";");
      const weight = parameters.map((parameter) => parameter.trim().toLowerCase()).find(isWeight);
      const quality = weight === undefined ? 1 : Number(weight.slice("q=".length));
      return { type: type.trim().toLowerCase(), quality: quality <= 1 ? quality : 0 };
    })
    .filter(({ type }) => type !== "");
}

/** RFC 9110 section 12.4.2: `q=0.5`, up to three digits. What is no weight is ignored. */
function isWeight(parameter: string): boolean {
  return /^q=[01](?:\.\d{0,3})?$/.test(parameter);
}

/** The most specific range that matches decides, whatever its place. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  const group = `${type.slice(0, type.indexOf("/"))}/*`;
  for (const candidate of [type, group, "*/*"]) {
    const range = ranges.find((entry) => entry.type === candidate);
    if (range !== undefined) return range.quality;
  }
  return 0;
}
