/**
 * How `muster clock confirm` reaches the appliance: a file in its data folder. Whoever may write
 * there may confirm; no port has to be open for it, and it waits for an appliance that is down.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How far the clock may be from the time that was confirmed: it was meant for that time alone. */
const CONFIRMED_WITHIN_MILLISECONDS = 24 * 60 * 60 * 1000;

export function confirmationPath(dataDirectory: string): string {
  return join(dataDirectory, "clock.confirmed");
}

/** Leaves word that the clock, which says `now`, is right. Throws the system's error. */
export function leaveConfirmation(dataDirectory: string, now: number): void {
  writeFileSync(confirmationPath(dataDirectory), `${new Date(now).toISOString()}\n`);
}

/** Takes the word that was left; false where there is none, or it was of another time. */
export function takeConfirmation(dataDirectory: string, now: number): boolean {
  const path = confirmationPath(dataDirectory);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return false;
  }
  try {
    rmSync(path, { force: true });
  } catch {
    // It cannot be taken away, and would confirm for ever.
    return false;
  }
  const confirmed = Date.parse(text.trim());
  return Math.abs(now - confirmed) <= CONFIRMED_WITHIN_MILLISECONDS;
}
