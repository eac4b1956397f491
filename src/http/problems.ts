/**
 * Errors as problem details (RFC 9457). Each has a stable type, a path that this very service
 * answers: on an isolated network no other place could explain it.
 */

export type ProblemDefinition = {
  readonly status: number;
  readonly title: string;
  /** What it means and what to do, for a person. */
  readonly explanation: string;
};

/** By slug: the type is `/problems/<slug>`. A slug, once released, keeps its meaning. */
export const PROBLEMS = {
  "invalid-request": {
    status: 400,
    title: "The request is not valid",
    explanation: "A parameter or header field could not be read. The detail names it.",
  },
  "access-denied": {
    status: 401,
    title: "A token is needed",
    explanation:
      "Client details and events are open to the machine itself. From elsewhere, send the " +
      "token that the configuration names: Authorization: Bearer TOKEN.",
  },
  "not-found": {
    status: 404,
    title: "There is nothing here",
    explanation: "No resource has this path. The page at / lists where to look.",
  },
  "method-not-allowed": {
    status: 405,
    title: "This method is not allowed here",
    explanation: "The Allow field of the response lists the methods of this resource.",
  },
  "content-too-large": {
    status: 413,
    title: "The content is too large",
    explanation: "The request carries more content than this service reads.",
  },
  "target-too-long": {
    status: 414,
    title: "The address is too long",
    explanation: "The request target exceeds what this service reads.",
  },
  "unknown-host": {
    status: 421,
    title: "This service does not answer under that name",
    explanation:
      "The Host field names neither an address, nor localhost, nor a configured name. Pages of " +
      "other sites cannot reach the service through names of their own that way. Use the " +
      "address, or add the name to the configuration.",
  },
  "too-many-requests": {
    status: 429,
    title: "Too many requests at once from one address",
    explanation: "Wait for earlier requests to finish, then ask again.",
  },
  "header-too-large": {
    status: 431,
    title: "The header is too large",
    explanation: "The header fields together exceed what this service reads.",
  },
  "internal-error": {
    status: 500,
    title: "The appliance made a mistake",
    explanation: "This is a defect. The log of the appliance has the particulars.",
  },
  "method-not-implemented": {
    status: 501,
    title: "This method is not implemented",
    explanation: "This service knows GET, HEAD and OPTIONS, and where it says so POST and DELETE.",
  },
  unavailable: {
    status: 503,
    title: "The appliance cannot answer now",
    explanation:
      "A part that is needed for the answer does not work, or too many requests are in work. " +
      "GET /readyz lists the parts.",
  },
} as const satisfies Readonly<Record<string, ProblemDefinition>>;

export type ProblemSlug = keyof typeof PROBLEMS;

export type ProblemOptions = {
  /** A sentence about this one occurrence. */
  readonly detail?: string;
  /** The path that the problem occurred at. */
  readonly instance?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** The object that RFC 9457 section 3 describes. */
export type ProblemDetails = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance?: string;
};

export const PROBLEM_MEDIA_TYPE = "application/problem+json";

export function problemType(slug: ProblemSlug): string {
  return `/problems/${slug}`;
}

export function isProblemSlug(text: string): text is ProblemSlug {
  return Object.hasOwn(PROBLEMS, text);
}

function problemDetails(slug: ProblemSlug, options: ProblemOptions = {}): ProblemDetails {
  const { status, title } = PROBLEMS[slug];
  const { detail, instance } = options;
  return {
    type: problemType(slug),
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(instance === undefined ? {} : { instance }),
  };
}

export function problemResponse(slug: ProblemSlug, options: ProblemOptions = {}): Response {
  const body = `${JSON.stringify(problemDetails(slug, options))}\n`;
  return new Response(body, {
    status: PROBLEMS[slug].status,
    headers: { ...options.headers, "content-type": PROBLEM_MEDIA_TYPE },
  });
}
