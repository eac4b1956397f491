/**
 * Unix time in milliseconds. Passed in wherever a rule needs the time: no pure core reads a clock.
 */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
