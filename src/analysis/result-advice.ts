/** What result codes mean and what helps: the codes that a client shows (HOST-6, HOST-7, [E]). */
import { HRESULT } from "../protocol/hresult.ts";

export type ResultAdvice = { readonly meaning: string; readonly advice: string };

const ADVICE: ReadonlyMap<number, ResultAdvice> = new Map([
  [HRESULT.success, { meaning: "success", advice: "nothing has to be done" }],
  [
    HRESULT.countInsufficient,
    {
      meaning: "the count on the host is too low",
      advice: "let more machines ask this host; `muster duplicates` shows ids that are shared",
    },
  ],
  [
    HRESULT.serviceNotEnabled,
    {
      meaning: "the host has no key",
      advice: "give the host a key and activate it",
    },
  ],
  [
    HRESULT.hostNotActivated,
    { meaning: "the host itself is not activated", advice: "activate the host" },
  ],
  [
    HRESULT.productNotServed,
    {
      meaning: "this host cannot serve this product",
      advice:
        "look at the product: it is not in the catalogue, belongs to a group above the host's " +
        "key, or is a genuine product of another vendor, which needs its own licensed host",
    },
  ],
  [
    HRESULT.timeStampOutOfRange,
    {
      meaning: "the client's time is out of range",
      advice: "set the clocks of the client and of this host; both count in UTC",
    },
  ],
  [
    HRESULT.noHostReachable,
    {
      meaning: "no host could be reached",
      advice: "look at DNS (_vlmcs._tcp), at firewalls and at the way to TCP port 1688",
    },
  ],
  [
    HRESULT.malformedRequest,
    {
      meaning: "the request was malformed or of an unknown version",
      advice: "look at the client: its version, or a device that changes what it sends",
    },
  ],
  [
    HRESULT.storeFull,
    { meaning: "the host could not record the request: its disk is full", advice: "make room" },
  ],
  [
    HRESULT.storeFault,
    {
      meaning: "the host could not record the request: a write fault",
      advice: "look at the host's medium and log",
    },
  ],
  [
    HRESULT.storeReadOnly,
    {
      meaning: "the host could not record the request: its medium is write-protected",
      advice: "take the write protection away",
    },
  ],
  [
    HRESULT.busy,
    {
      meaning: "the host is draining or overloaded",
      advice: "wait: the client asks again by itself, and may draw another host",
    },
  ],
]);

const UNKNOWN: ResultAdvice = {
  meaning: "an error of another host or system",
  advice: "look the code up where it comes from",
};

export function adviseOnResult(hresult: number): ResultAdvice {
  return ADVICE.get(hresult) ?? UNKNOWN;
}
